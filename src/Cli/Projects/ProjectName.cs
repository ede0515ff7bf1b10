using System.CommandLine;
using System.CommandLine.Parsing;

namespace PRTS.Cli.Projects;

/// <summary><c>org/project</c>, or the address of its page.</summary>
internal sealed record ProjectName(string Org, string Name)
{
    public string ApiPath => $"api/v1/projects/{Uri.EscapeDataString(Org)}/{Uri.EscapeDataString(Name)}";

    public static Argument<ProjectName> Argument() => new("project") { Description = "org/project", CustomParser = result => Parse(result) };

    public override string ToString() => $"{Org}/{Name}";

    public static ProjectName? TryParse(string text)
    {
        var path = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url.AbsolutePath : text;
        var parts = path.Trim('/').Split('/');
        var from = parts is ["api", "v1", "projects", _, _, ..] ? 3 : parts is ["git", _, _, ..] ? 1 : 0;
        return parts.Length >= from + 2 && (path != text || parts.Length == 2) && parts[from].Length > 0 && parts[from + 1].Length > 0
            ? new ProjectName(parts[from], parts[from + 1].EndsWith(".git", StringComparison.Ordinal) ? parts[from + 1][..^4] : parts[from + 1])
            : null;
    }

    private static ProjectName? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (TryParse(text) is { } name)
        {
            return name;
        }

        result.AddError($"'{text}' is no project: write org/project, for example demo/hello.");
        return null;
    }
}
