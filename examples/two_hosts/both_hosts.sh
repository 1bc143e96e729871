#!/bin/sh
# Runs the worker twice, as two hosts: what makes a host is a lock directory of its own.
cd "$(dirname "$0")" || exit
locks=$(mktemp -d)
trap 'rm -r "$locks"' EXIT
MWAA_ASYNC_LOCK_DIRECTORY=$locks/a python worker.py a "$@" &
first=$!
MWAA_ASYNC_LOCK_DIRECTORY=$locks/b python worker.py b "$@" &
second=$!
status=0
wait "$first" || status=1
wait "$second" || status=1
exit "$status"
