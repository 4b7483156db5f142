# shellcheck shell=bash
# What the scripts that start other programs share: a free port, a program in the background, its end.
# The script that reads this has `set -euo pipefail` and stands at the root of the repository.

tools=$PWD/target/tools
# shellcheck disable=SC2034 # for the script that reads this
python=$tools/python/bin/python
mkdir -p "$tools/logs"

started=()

# Ends what `start` started, by its id; each script has it as its EXIT trap.
end_all() {
    local process
    for process in "${started[@]}"; do
        kill "$process" 2>/dev/null || true
    done
    for process in "${started[@]}"; do
        wait "$process" 2>/dev/null || true
    done
    started=()
}

# A port of loopback that nobody has at the moment.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts a program: `start NAME COMMAND…`. It runs in target/tools, since some leave files where they stand, and what it
# says goes to target/tools/logs/NAME.log.
start() {
    local name=$1
    shift
    (cd "$tools" && exec "$@") >"$tools/logs/$name.log" 2>&1 &
    started+=($!)
}

# Waits until somebody listens on the port, for half a minute: `await NAME PORT`.
await() {
    local name=$1 port=$2 process=${started[-1]} attempt
    for ((attempt = 0; attempt < 300; attempt++)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            return
        fi
        kill -0 "$process" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$tools/logs/$name.log" >&2
    echo "$0: $name did not start (its last lines are above)" >&2
    return 1
}
