# The first process of a job's container: runs the steps that the agent asks for, one at a time or those of a group. See docs/adr/0006.
step() {
    # Signals that are meant for the step's processes come to this shell, too: it has to outlive them to tell the exit code.
    trap : TERM INT HUP QUIT USR1 USR2
    # The output is the step's alone: when a signal ends the step, this shell says so where it waits for it.
    exec 4>"/prts/$1.output" >/dev/null 2>&1 </dev/null 3>&-
    (exec sh "/prts/$1.command" >&4 2>&1 4>&-)
    code=$?
    # Nothing that a step starts outlives it. The one spares the first process and this shell; the other, of a step beside others, spares those.
    [ -n "$2" ] || kill -KILL -1 2>/dev/null
    echo "$code" >"/prts/$1.exit"
    [ -z "$2" ] || kill -KILL 0
}

[ "$1" != step ] || step "$2" shared
exec 3<>/prts/control

while read -r verb what which <&3; do
    case $verb in
        run)
            if [ -z "$which" ]; then
                step "$what" &
            elif command -v setsid >/dev/null; then
                setsid sh "$0" step "$what" 3>&- &
                eval "pid_$what=$!"
            else
                { echo 127 >"/prts/$what.exit"; echo "The job's image has no setsid, which parallel steps need." >"/prts/$what.output"; } &
            fi ;;
        kill)
            if [ -z "$which" ]; then
                kill -s "$what" -1 2>/dev/null
            else
                eval "kill -s $what -- -\$pid_$which" 2>/dev/null
            fi ;;
    esac
done
