using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PRTS.Cli.Projects;

namespace PRTS.Cli.Builds;

/// <summary><c>org/project#number</c>, or the address of its page.</summary>
internal sealed record BuildName(ProjectName Project, int Number)
{
    public string ApiPath => $"{Project.ApiPath}/builds/{Number.ToString(CultureInfo.InvariantCulture)}";

    public static Argument<BuildName> Argument() => new("build") { Description = "org/project#number", CustomParser = result => Parse(result) };

    public override string ToString() => $"{Project}#{Number}";

    public static BuildName? TryParse(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            var parts = url.AbsolutePath.Trim('/').Split('/');
            var at = Array.LastIndexOf(parts, "builds");
            return at >= 2 && at + 1 < parts.Length && Numbered(parts[at + 1]) is { } shown ? new BuildName(new ProjectName(parts[at - 2], parts[at - 1]), shown) : null;
        }

        var hash = text.LastIndexOf('#');
        return hash > 0 && Numbered(text[(hash + 1)..]) is { } number && ProjectName.TryParse(text[..hash]) is { } project ? new BuildName(project, number) : null;
    }

    private static int? Numbered(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    public static BuildName? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (TryParse(text) is { } name)
        {
            return name;
        }

        result.AddError($"'{text}' is no build: write org/project#number, for example demo/hello#1, or the address of its page.");
        return null;
    }
}
