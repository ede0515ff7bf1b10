namespace PRTS.Web.Projects;

/// <summary>What git-check-ref-format allows as a branch, without what only confuses.</summary>
public static class BranchNames
{
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= 200
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or '+')
        && name.Split('/').All(part => part.Length > 0 && part[0] is not ('.' or '-') && !part.EndsWith('.') && !part.EndsWith(".lock", StringComparison.Ordinal))
        && !name.Contains("..", StringComparison.Ordinal);
}
