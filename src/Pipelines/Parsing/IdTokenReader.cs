using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads a job's <c>id_tokens</c>: variables and whom the token in each is for.</summary>
internal static class IdTokenReader
{
    private const int Most = 20;
    private const int LongestAudience = 500;

    /// <param name="job">The job.</param>
    /// <param name="secrets">Whose variables are taken.</param>
    public static IReadOnlyList<PlannedIdToken> IdTokens(this MappingReader job, IReadOnlyList<PlannedSecret> secrets)
    {
        if (job.Get("id_tokens") is not { } node) return [];
        if (node is not YamlMapping { Entries: { Count: > 0 } entries })
        {
            job.Errors.Add(DiagnosticCodes.WrongType, node.Start, $"`id_tokens` is a mapping of variables to whom the token is for (`VAULT_TOKEN: https://vault.example.com`), but this is {node.Kind}.");
            return [];
        }

        if (entries.Count > Most) job.Errors.Add(DiagnosticCodes.BadValue, node.Start, $"A job has at most {Most} tokens.");
        var tokens = new List<PlannedIdToken>();
        foreach (var (variable, value) in entries)
        {
            if (!EnvReader.IsVariable(variable, job.Errors)) continue;
            if (secrets.Any(secret => secret.Variable == variable.Value))
                job.Errors.Add(DiagnosticCodes.DuplicateName, variable.Start, $"The variable `{variable.Value}` has a secret already; choose another name for the token.");
            else if (Audiences(value, variable.Value, job.Errors) is { Count: > 0 } audiences)
                tokens.Add(new() { Variable = variable.Value, Audiences = audiences });
        }

        return tokens;
    }

    private static List<string> Audiences(YamlNode node, string variable, ErrorList errors)
    {
        var audiences = new List<string>();
        foreach (var audience in Values.AsList(node, variable, errors) ?? [])
        {
            if (audience.IsNull || audience.Value.Length is 0 or > LongestAudience || audience.Value.Any(char.IsControl))
                errors.Add(DiagnosticCodes.BadValue, audience.Start, $"Whom a token is for is a text of 1 to {LongestAudience} characters, mostly an address such as `https://vault.example.com`.");
            else if (ExpressionCheck.Absent(audience, variable, errors) && !audiences.Contains(audience.Value, StringComparer.Ordinal))
                audiences.Add(audience.Value);
        }

        return audiences;
    }
}
