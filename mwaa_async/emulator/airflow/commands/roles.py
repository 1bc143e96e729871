"""``airflow roles …`` of Airflow 2, and of Airflow 3 with the FAB provider."""

import itertools
from collections.abc import Container, Iterable

from mwaa_async.emulator.airflow.call import Call, Failed


def list_roles(call: Call) -> None:
    roles = _roles(call)
    if not getattr(call.arguments, "permission", False):
        call.show([{"name": name} for name in sorted(roles)])
        return
    actions: dict[tuple[str, str], list[str]] = {}
    for name, permissions in roles.items():
        for resource, action in sorted(permissions):
            actions.setdefault((name, resource), []).append(action)
    rows = [{"name": key[0], "resource": key[1], "action": ",".join(actions[key])} for key in sorted(actions)]
    call.show(rows)


def create(call: Call) -> None:
    roles = _roles(call)
    for name in call.arguments.role:
        roles.setdefault(name, set())
    # A role that was there already is counted, too.
    call.print(f"Added {len(call.arguments.role)} role(s)")


def add_permissions(call: Call) -> None:
    asked, roles = call.arguments, _known(call)
    count = 0
    for name, resource, action in itertools.product(asked.role, asked.resource, asked.action or [""]):
        if (resource, action) not in roles[name]:
            if action:
                roles[name].add((resource, action))
            call.print(f"Added {_text(resource, action)} to role {name}")
            count += 1
    call.print(f"Added {count} permission(s)")


def delete_permissions(call: Call) -> None:
    asked, roles = call.arguments, _known(call)
    existing = set().union(_permissions(call), *roles.values())
    # What a role had at first decides what is printed, though it is deleted meanwhile.
    before = {name: sorted(roles[name]) for name in asked.role}
    count = 0
    for name, resource, action in itertools.product(asked.role, asked.resource, asked.action or [""]):
        held = [held for of, held in before[name] if of == resource]
        for deleted in held if not action else [action] * bool(held):
            roles[name].discard((resource, deleted))
            shown = _text(resource, deleted) if (resource, deleted) in existing else None
            call.print(f"Deleted {shown} from role {name}")
            count += 1
    call.print(f"Deleted {count} permission(s)")


def _roles(call: Call) -> dict[str, set[tuple[str, str]]]:
    """Gives all roles; those that Airflow creates by itself are there from the first look on."""
    roles = call.metadata.roles
    for name, resources in call.dialect.permissions.items() if not roles else ():
        roles[name] = {(resource, action) for resource, actions in resources.items() for action in actions}
    return roles


def _permissions(call: Call) -> set[tuple[str, str]]:
    """Gives the permissions that there are, whoever has them."""
    roles = call.dialect.permissions.values()
    return {(resource, action) for role in roles for resource, actions in role.items() for action in actions}


def _known(call: Call) -> dict[str, set[tuple[str, str]]]:
    """Gives all roles, or fails on the first word of the command that is no role, resource or action."""
    asked, roles, permissions = call.arguments, _roles(call), _permissions(call)
    _refuse_unknown(call, "Role", asked.role, roles)
    _refuse_unknown(call, "Resource", asked.resource, {resource for resource, _ in permissions})
    _refuse_unknown(call, "Action", asked.action or (), {action for _, action in permissions})
    return roles


def _refuse_unknown(call: Call, kind: str, asked: Iterable[str], known: Container[str]) -> None:
    for name in asked:
        if name not in known:
            # Airflow says it on stdout (airflow/providers/fab/auth_manager/cli_commands/role_command.py).
            call.print(f"{kind} named '{name}' does not exist")
            raise Failed


def _text(resource: str, action: str) -> str:
    return f"{action.replace('_', ' ')} on {resource}" if action else "None"
