using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PRTS.Architecture.Tests;

/// <summary>Who may refer to whom. A project that is not in the table may refer to nothing and must be entered.</summary>
public sealed partial class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Pipelines"] = [],
        ["Audit"] = [],
        ["Supervisor"] = [],
        ["Egress"] = [],
        ["Saml"] = [],
        ["Api"] = ["Pipelines"],
        ["Contracts"] = ["Pipelines", "Audit", "Api"],
        ["Storage"] = ["Pipelines", "Audit", "Api", "Contracts", "Egress"],
        ["Grains"] = ["Pipelines", "Audit", "Api", "Contracts", "Storage"],
        ["Execution"] = ["Pipelines", "Api", "Supervisor"],
        ["Agents"] = ["Pipelines", "Api", "Contracts", "Execution", "Supervisor"],
        ["Web"] = ["Pipelines", "Saml", "Audit", "Api", "Contracts", "Storage", "Egress"],
        ["Silo"] = ["Pipelines", "Saml", "Audit", "Api", "Contracts", "Storage", "Grains", "Web", "Egress"],
        ["Cli"] = ["Pipelines", "Audit", "Api", "Execution"],
    };

    [Fact]
    public void Projects_References_AreInTheTable() => Findings.None(
        from project in Projects("src/")
        from reference in References(project)
        where !Allowed.GetValueOrDefault(NameOf(project), []).Contains(reference)
        select $"{project.Path} refers to {reference}",
        "A project refers to one that it may not know.");

    [Fact]
    public void Projects_All_AreInTheTable() => Findings.None(
        Projects("src/").Select(NameOf).Where(name => !Allowed.ContainsKey(name)), "A project is missing in the table of references.");

    [Fact]
    public void Projects_All_AreInTheSolution()
    {
        var solution = Repository.Files.Single(file => file.Path == "PRTS.sln").Text.Replace('\\', '/');
        Findings.None(
            Projects("src/").Concat(Projects("tests/")).Select(project => project.Path).Where(path => !solution.Contains(path, StringComparison.Ordinal)),
            "A project is missing in PRTS.sln.");
    }

    [Fact]
    public void Projects_Names_AreQualifiedFolderNames() => Findings.None(
        from project in Projects("src/").Concat(Projects("tests/"))
        where project.Name != $"PRTS.{NameOf(project)}.csproj"
        select project.Path,
        "A project file is named PRTS.<folder>.csproj.");

    [Fact]
    public void Cli_NoOrleans()
    {
        var packages = Projects("src/Cli/").Concat(Projects("src/Execution/")).Concat(Projects("src/Supervisor/"))
            .SelectMany(project => Items(project, "PackageReference").Where(IsOrleansRuntime).Select(package => $"{project.Path}: {package}"));
        var usings = Repository.CodeIn("src/Cli/").Where(file => file.Source.Text.Contains("using Orleans", StringComparison.Ordinal)).Select(file => file.Source.Path);
        Findings.None(packages.Concat(usings), "The command line, and what it runs jobs with, never loads Orleans.");
    }

    [Fact]
    public void Agents_NoDatabase() => Findings.None(
        from project in Projects("src/Agents/").Concat(Projects("src/Execution/")).Concat(Projects("src/Contracts/")).Concat(Projects("src/Supervisor/"))
        from package in Items(project, "PackageReference")
        where package == "Npgsql" || package.Contains("AdoNet", StringComparison.Ordinal)
        select $"{project.Path}: {package}",
        "Database credentials stay on servers; agents have no driver.");

    [Fact]
    public void Packages_Versions_AreCentral() => Findings.None(
        from project in Projects("")
        where PackageWithVersion().IsMatch(project.Text)
        select project.Path,
        "Package versions stand in Directory.Packages.props.");

    /// <summary>The build script rebuilds a part when a source changes that it is made from.</summary>
    [Fact]
    public void BuildScript_Sources_AreAllThatAPartRefersTo()
    {
        var script = File.ReadAllText(Path.Combine(Repository.Root, "prts"));
        Findings.None(
            from line in ScriptSources().Matches(script)
            let sources = line.Groups["sources"].Value.Split(' ')
            let expected = Closure(sources[0])
            where !sources.Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal))
            select $"{line.Groups["part"].Value} has {line.Groups["sources"].Value}, and its project refers to {string.Join(' ', expected)}",
            "The script prts knows the sources of each part.");
        Assert.Equal(4, ScriptSources().Count(script));
    }

    private static HashSet<string> Closure(string project)
    {
        var found = new HashSet<string>(StringComparer.Ordinal) { project };
        foreach (var reference in Projects($"src/{project}/").SelectMany(References))
        {
            found.UnionWith(Closure(reference));
        }

        return found;
    }

    private static bool IsOrleansRuntime(string package) =>
        package.StartsWith("Microsoft.Orleans", StringComparison.Ordinal) && package is not "Microsoft.Orleans.Serialization.Abstractions";

    private static IEnumerable<SourceFile> Projects(string folder) =>
        Repository.Files.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal) && file.Path.EndsWith(".csproj", StringComparison.Ordinal));

    private static string NameOf(SourceFile project) => project.Path.Split('/')[1];

    private static IEnumerable<string> References(SourceFile project) => Items(project, "ProjectReference").Select(path => path.Replace('\\', '/').Split('/')[^2]);

    private static IEnumerable<string> Items(SourceFile project, string kind) =>
        XDocument.Parse(project.Text).Descendants(kind).Select(item => item.Attribute("Include")?.Value).OfType<string>();

    [GeneratedRegex(@"PackageReference[^>]*\sVersion=", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PackageWithVersion();

    [GeneratedRegex("""^\s*\[(?<part>\w+)\]="(?<sources>[A-Z][\w ]+)"$""", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ScriptSources();
}
