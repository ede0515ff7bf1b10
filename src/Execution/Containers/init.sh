# The first process of a job's container: runs the steps that the agent asks for, one at a time. See docs/adr/0006.
exec 3<>/prts/control

step() {
    # Signals that are meant for the step's processes come to this shell, too: it has to outlive them to tell the exit code.
    trap : TERM INT HUP QUIT USR1 USR2
    # The output is the step's alone: when a signal ends the step, this shell says so where it waits for it.
    exec 4>"/prts/$1.output" >/dev/null 2>&1 </dev/null 3>&-
    (exec sh "/prts/$1.command" >&4 2>&1 4>&-)
    code=$?
    # Nothing that a step starts outlives it. This spares the first process and this shell.
    kill -KILL -1 2>/dev/null
    echo "$code" >"/prts/$1.exit"
}

while read -r verb what <&3; do
    case $verb in
        run) step "$what" & ;;
        kill) kill -s "$what" -1 2>/dev/null ;;
    esac
done
