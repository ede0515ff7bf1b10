using System.Text.RegularExpressions;

namespace PRTS.Architecture.Tests;

/// <summary>Words that must not be in our files. They are written in pieces here, so that this file passes its own test.</summary>
public sealed partial class TextTests
{
    private static readonly string[] Unfinished = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "Not" + "ImplementedException"];

    [Fact]
    public void Sources_All_AreFinished()
    {
        var words = new Regex($@"\b({string.Join('|', Unfinished)})\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
        Findings.None(Lines(file => file.Path.StartsWith("src/", StringComparison.Ordinal) || file.Path.StartsWith("tests/", StringComparison.Ordinal), words), "Something is called done that is not.");
    }

    /// <summary>A path of the machine that a file was written on means nothing to whoever reads it.</summary>
    [Fact]
    public void Files_All_AreFreeOfLocalPaths()
    {
        var paths = new Regex($@"(?<![\w.}}])/(work|root|home/\w+)/" + @"(wt|main|shared|\.library|\.mirror|\.nuget|\.claude)\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
        Findings.None(Lines(_ => true, paths), "A file names a path of one particular machine.");
    }

    /// <summary>Routes do not tell large letters from small ones, so what guards a path must not either: else <c>/API</c> passes what stops <c>/api</c>.</summary>
    [Fact]
    public void Paths_All_AreComparedAsRoutesAre()
    {
        var exact = new Regex(@"StartsWithSegments\(.*StringComparison\.Ordinal\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
        Findings.None(Lines(file => file.Path.StartsWith("src/", StringComparison.Ordinal), exact), "A path is compared letter by letter, and routes are not.");
    }

    [Fact]
    public void Decisions_All_HaveTheFourHeadings() => Findings.None(
        from file in Repository.Files
        where file.Path.StartsWith("docs/adr/", StringComparison.Ordinal) && file.Name != "README.md"
        from heading in new[] { "## Status", "## Context", "## Decision", "## Consequences" }
        where !file.Text.Contains($"\n{heading}\n", StringComparison.Ordinal)
        select $"{file.Path} lacks '{heading}'",
        "A decision is one page: status, context, decision, consequences.");

    [Fact]
    public void Decisions_Names_AreNumbered()
    {
        var names = Repository.Files.Where(file => file.Path.StartsWith("docs/adr/", StringComparison.Ordinal) && file.Name != "README.md").ToList();
        var misnamed = names.Where(file => !DecisionName().IsMatch(file.Name)).Select(file => file.Path);
        var doubled = names.GroupBy(file => file.Name[..4], StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => $"{same.Key} is there {same.Count()} times");
        Findings.None(misnamed.Concat(doubled), "A decision's file is NNNN-title.md, its number its own.");
    }

    private static IEnumerable<string> Lines(Func<SourceFile, bool> which, Regex words) =>
        from file in Repository.Files.Where(which)
        from line in file.Text.Split('\n').Index()
        where words.IsMatch(line.Item)
        select $"{file.Path}:{line.Index + 1}: {line.Item.Trim()}";

    [GeneratedRegex(@"^\d{4}-[a-z0-9-]+\.md$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DecisionName();
}
