using PRTS.Api.Environments;
using PRTS.Pipelines.Planning;

namespace PRTS.Web.Environments;

/// <summary>What settings of an environment can be.</summary>
public static class EnvironmentChecks
{
    private const int MostBranches = 50;

    /// <summary>Everything that is wrong, in a sentence each; null when nothing is.</summary>
    public static string? Problem(string name, EnvironmentSettings settings)
    {
        var problems = new List<string>();
        if (!EnvironmentSettings.IsName(name)) problems.Add($"'{name}' cannot be an environment's name: one line of 1 to {EnvironmentSettings.LongestName} characters without slashes.");
        if (settings.Approvals is < 0 or > EnvironmentSettings.MostApprovals) problems.Add($"'approvals' is {settings.Approvals}; it must be from 0 to {EnvironmentSettings.MostApprovals}.");
        if (settings.Approvers.Count > 0 && settings.Approvals > settings.Approvers.Distinct(StringComparer.Ordinal).Count())
            problems.Add($"{settings.Approvals} approvals are more than there are approvers ({string.Join(", ", settings.Approvers)}), so nothing could ever be deployed.");
        if (settings.WaitMinutes is < 0 or > EnvironmentSettings.LongestWait) problems.Add($"'waitMinutes' is {settings.WaitMinutes}; it must be from 0 to {EnvironmentSettings.LongestWait}, 30 days.");
        if (settings.Branches.Count > MostBranches) problems.Add($"{settings.Branches.Count} branches are too many; {MostBranches} at most. Use patterns such as 'release/**'.");
        problems.AddRange(settings.Branches.Take(MostBranches).Select(WrongWith).OfType<string>());
        return problems.Count == 0 ? null : string.Join(' ', problems);
    }

    private static string? WrongWith(string pattern)
    {
        try
        {
            _ = Glob.Parse(EnvironmentSettings.TagPattern(pattern) ?? pattern);
            return null;
        }
        catch (FormatException malformed)
        {
            return malformed.Message;
        }
    }
}
