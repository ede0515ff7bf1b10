using System.Text.Json;

namespace PRTS.Cli.Connection;

/// <summary>The sentence in an RFC 9457 problem, with the single errors of a validation behind it.</summary>
internal static class ProblemText
{
    public static string? Read(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var problem = document.RootElement;
            if (problem.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            var text = Text(problem, "detail") ?? Text(problem, "title");
            var errors = problem.TryGetProperty("errors", out var fields) && fields.ValueKind == JsonValueKind.Object
                ? fields.EnumerateObject().Where(f => f.Value.ValueKind == JsonValueKind.Array).SelectMany(f => f.Value.EnumerateArray().Select(e => $"{f.Name}: {e}"))
                : [];
            return text is null ? null : string.Join("\n  ", errors.Prepend(text));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
