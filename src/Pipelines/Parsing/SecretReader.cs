using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads a job's <c>secrets</c>: names, or mappings that say how each is handed over.</summary>
internal static class SecretReader
{
    private const int Most = 100;

    public static IReadOnlyList<PlannedSecret> Secrets(this MappingReader job)
    {
        var secrets = new Dictionary<string, (PlannedSecret Secret, Place Place)>(StringComparer.Ordinal);
        foreach (var item in job.Items("secrets", job.Get("secrets"), "names of secrets") ?? [])
        {
            if (Secret(item, job.Errors) is not { } secret) continue;
            if (secrets.TryGetValue(secret.Variable, out var taken))
                job.Errors.Add(DiagnosticCodes.DuplicateName, item.Start, $"The variable `{secret.Variable}` has a secret already, in line {taken.Place.Line}; give one of them another `variable`.");
            else if (secrets.Count == Most)
                job.Errors.Add(DiagnosticCodes.BadValue, item.Start, $"A job has at most {Most} secrets.");
            else
                secrets.Add(secret.Variable, (secret, item.Start));
        }

        return [.. secrets.Values.Select(one => one.Secret)];
    }

    private static PlannedSecret? Secret(YamlNode node, ErrorList errors)
    {
        if (node is YamlScalar { IsNull: false } plain)
            return ExpressionCheck.Absent(plain, "secrets", errors) && EnvReader.IsVariable(plain, errors) ? new() { Name = plain.Value, Variable = plain.Value } : null;
        if (MappingReader.Of(node, PipelineKeys.Secret, errors) is not { } reader) return null;
        reader.Require("name", "the secret's name, for example `NPM_TOKEN`");
        var (name, variable, isFile) = (reader.Fixed("name"), reader.Fixed("variable"), reader.Flag("file"));
        var right = (name is null || EnvReader.IsVariable(name, errors)) & (variable is null || EnvReader.IsVariable(variable, errors));
        return name is not null && right ? new() { Name = name.Value, Variable = variable?.Value ?? name.Value, IsFile = isFile } : null;
    }
}
