using PRTS.Cli.Processes;
using PRTS.Pipelines.Planning;

namespace PRTS.Cli.Local;

/// <summary>The git working tree that we are in. Head: the full name of the branch that is checked out, or the commit.</summary>
internal sealed record LocalTree(string Root, string Head, string Commit)
{
    public string Name => Path.GetFileName(Root);

    public static async Task<LocalTree> FindAsync()
    {
        var root = await GitAsync("rev-parse", "--show-toplevel") ?? throw new UserError("This is not in a git working tree: prts run runs the pipeline of one.", ExitCodes.Invalid);
        var commit = await GitAsync("rev-parse", "--verify", "--quiet", "HEAD") ?? throw new UserError($"{root} has no commit yet: make one, then prts run runs its pipeline.", ExitCodes.Invalid);
        return new LocalTree(root, await GitAsync("symbolic-ref", "--quiet", "HEAD") ?? commit, commit);
    }

    public TriggerEvent Event(string kind) => new() { Kind = kind, Ref = Head, Commit = Commit };

    /// <summary>Null when git says no.</summary>
    private static async Task<string?> GitAsync(params string[] arguments)
    {
        var result = await Processes.Run.ToEndAsync("git", arguments);
        return result.ExitCode == 0 ? result.Output.Trim() : null;
    }
}
