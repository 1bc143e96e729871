"""`environment.variables`, `connections`, `roles`, `assets`, `db` and `version`."""

from datetime import UTC, datetime
from typing import Any

from mwaa_async import Environment

from ..conftest import RealAirflow, Row
from . import assert_told


async def version(airflow: RealAirflow, demo: Environment) -> None:
    assert await demo.version() == airflow.version


async def variables_set(airflow: RealAirflow, demo: Environment) -> None:
    await demo.variables.set("greeting", "it's")
    await demo.variables.set("limits", {"rows": [1, 2.5, None]})
    stored = {row["key"]: row["val"] for row in airflow.rows("variable")}
    assert (stored["greeting"], stored["limits"]) == ("it's", '{"rows": [1, 2.5, null]}')


async def variables_get(airflow: RealAirflow, demo: Environment) -> None:
    store_variable(airflow, "stored", '{"n": [1]}')
    assert await demo.variables.get("stored") == '{"n": [1]}'
    assert await demo.variables.get("stored", deserialize_json=True) == {"n": [1]}
    assert await demo.variables.get("nosuch", default=7) == 7


async def variables_list(airflow: RealAirflow, demo: Environment) -> None:
    store_variable(airflow, "one", "1")
    store_variable(airflow, "two words", "2")
    assert sorted(await demo.variables.list()) == sorted(row["key"] for row in airflow.rows("variable"))


async def variables_delete(airflow: RealAirflow, demo: Environment) -> None:
    store_variable(airflow, "doomed", "1")
    await demo.variables.delete("doomed")
    assert not airflow.has_variable("doomed")


def store_variable(airflow: RealAirflow, key: str, value: str) -> None:
    insert = "INSERT INTO variable (key, val, is_encrypted) VALUES (:key, :value, false)"
    airflow.query(insert, key=key, value=value)


async def connections_add(airflow: RealAirflow, demo: Environment) -> None:
    parts: dict[str, Any] = {
        "conn_host": "db.example.com",
        "conn_login": "u@x",
        "conn_password": "it's $ecret",
        "conn_schema": "-s",
        "conn_description": "a 'new' one",
    }
    await demo.connections.add("parts", conn_type="fs", conn_port=5432, conn_extra={"path": "/tmp"}, **parts)
    (stored,) = airflow.rows("connection", conn_id="parts")
    assert {f"conn_{name}": stored[name] for name in ("host", "login", "password", "schema", "description")} == parts
    assert (stored["conn_type"], stored["port"], stored["extra"]) == ("fs", 5432, '{"path": "/tmp"}')


async def connections_delete(airflow: RealAirflow, demo: Environment) -> None:
    store_connection(airflow, "doomed")
    await demo.connections.delete("doomed")
    assert not airflow.rows("connection", conn_id="doomed")


def store_connection(airflow: RealAirflow, conn_id: str) -> None:
    columns = "conn_id, conn_type, is_encrypted, is_extra_encrypted"
    airflow.query(f"INSERT INTO connection ({columns}) VALUES (:conn_id, 'fs', false, false)", conn_id=conn_id)


async def roles_list(airflow: RealAirflow, demo: Environment) -> None:
    told = [role.name for role in await demo.roles.list()]
    assert sorted(told) == sorted(row["name"] for row in airflow.rows("ab_role"))


async def roles_create(airflow: RealAirflow, demo: Environment) -> None:
    store_permission(airflow, "existing", "can_sing", "Songs")
    await demo.roles.create("existing", "first", "second")
    for name in ("existing", "first", "second"):
        assert len(airflow.rows("ab_role", name=name)) == 1
    assert ("can_sing", "Songs") in permissions(airflow, "existing")


async def roles_add_perms(airflow: RealAirflow, demo: Environment) -> None:
    store_permission(airflow, "reader", "can_open", "Books")
    store_permission(airflow, "singer", "can_hum", "Tunes")
    added = await demo.roles.add_perms("reader", "singer", resource=["Books", "Tunes"], action=["can_open", "can_hum"])
    everything = {(action, resource) for action in ("can_open", "can_hum") for resource in ("Books", "Tunes")}
    assert everything <= permissions(airflow, "reader") & permissions(airflow, "singer")
    assert added == 8 - 2


async def roles_del_perms(airflow: RealAirflow, demo: Environment) -> None:
    store_permission(airflow, "dancer", "can_dance", "Waltzes")
    assert await demo.roles.del_perms("dancer", resource=["Waltzes"], action=["can_dance"]) == 1
    assert ("can_dance", "Waltzes") not in permissions(airflow, "dancer")


def store_permission(airflow: RealAirflow, role: str, action: str, resource: str) -> None:
    def insert(table: str, **values: object) -> int:
        columns = ", ".join(f":{column}" for column in values)
        airflow.query(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({columns})", **values)
        return int(airflow.query(f"SELECT max(id) AS id FROM {table}")[0]["id"])

    permission, menu = insert("ab_permission", name=action), insert("ab_view_menu", name=resource)
    view = insert("ab_permission_view", permission_id=permission, view_menu_id=menu)
    insert("ab_permission_view_role", permission_view_id=view, role_id=insert("ab_role", name=role))


def permissions(airflow: RealAirflow, role: str) -> set[tuple[str, str]]:
    rows = airflow.query(
        """SELECT ab_permission.name AS action, ab_view_menu.name AS resource FROM ab_permission_view_role
        JOIN ab_role ON ab_role.id = role_id JOIN ab_permission_view ON ab_permission_view.id = permission_view_id
        JOIN ab_permission ON ab_permission.id = permission_id JOIN ab_view_menu ON ab_view_menu.id = view_menu_id
        WHERE ab_role.name = :role""",
        role=role,
    )
    return {(row["action"], row["resource"]) for row in rows}


async def assets_list(airflow: RealAirflow, demo: Environment) -> None:
    (asset,) = await demo.assets.list()
    assert_told(asset, asset_of(airflow), "name", "uri", "group")


async def assets_details(airflow: RealAirflow, demo: Environment) -> None:
    asset = await demo.assets.details(name="sales", uri="s3://bucket/sales")
    assert_told(asset, asset_of(airflow), "id", "name", "uri", "group", "created_at", "updated_at")


async def assets_materialize(airflow: RealAirflow, demo: Environment) -> None:
    run = await demo.assets.materialize(name="sales")
    (stored,) = airflow.rows("dag_run", run_id=run.run_id)
    dates = ("logical_date", "run_after", "data_interval_start", "data_interval_end", "start_date", "end_date")
    assert_told(run, stored, "dag_id", "run_id", "state", "run_type", *dates)
    assert run.triggering_user_name == stored.get("triggering_user_name")  # 3.0 has no such column


def asset_of(airflow: RealAirflow) -> Row:
    (stored,) = airflow.rows("asset")
    return stored


async def db_clean(airflow: RealAirflow, demo: Environment) -> None:
    for year in (2001, 2002):
        airflow.query("INSERT INTO log (dttm, event) VALUES (:date, 'old')", date=f"{year}-01-01 00:00:00.000000")
    before = datetime(2003, 1, 1, tzinfo=UTC)
    (counted,) = await demo.db.clean(before, tables=["log"], dry_run=True)
    assert (counted.name, counted.rows) == ("log", len(airflow.rows("log", event="old"))) == ("log", 2)
    assert await demo.db.clean(before, tables=["log"], skip_archive=True) == [counted]
    assert not airflow.rows("log", event="old")
