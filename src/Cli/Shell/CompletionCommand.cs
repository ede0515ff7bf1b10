using System.CommandLine;

namespace PRTS.Cli.Shell;

/// <summary>Prints what a shell must know to complete our commands; the words themselves come from System.CommandLine's suggest directive.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # PRTS in bash: eval "$(prts completion bash)"
        _prts() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$("$1" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _prts prts ./prts
        """;

    private const string Zsh = """
        # PRTS in zsh: eval "$(prts completion zsh)"
        _prts() {
          local -a words_found
          words_found=("${(@f)$(${words[1]} "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
          compadd -- $words_found
        }
        compdef _prts prts ./prts
        """;

    private const string Fish = """
        # PRTS in fish: prts completion fish | source
        function __prts_complete
          set -l line (commandline -cp)
          command prts "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c prts -f -a '(__prts_complete)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" }.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a script that completes these commands in your shell") { shell };
        command.SetAction(parsed =>
        {
            Console.Out.WriteLine(parsed.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitCodes.Succeeded;
        });
        return command;
    }
}
