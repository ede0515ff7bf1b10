using System.Globalization;
using PRTS.Api.Builds;
using PRTS.Pipelines;

namespace PRTS.Scenarios;

/// <summary>Collects where a build is not as a scenario says.</summary>
internal sealed class Comparison
{
    private readonly List<string> differences = [];

    public IReadOnlyList<string> Differences => differences;

    /// <summary>All that the build itself tells; logs and artifacts are elsewhere.</summary>
    public void Build(ExpectedBuild expected, BuildSummary build)
    {
        Equal("status", expected.Status, build.Status);
        Part("reason", expected.Reason, build.Reason);
        Equal("name", expected.Name, build.Name);
        Part("file", expected.File, build.File);
        Equal("event", expected.Event, build.Event);
        Equal("ref", expected.Ref, build.Ref);
        foreach (var (name, stage) in expected.Stages ?? new Dictionary<string, ExpectedStage>())
        {
            if (Found($"stages.{name}", build.Stages!.FirstOrDefault(found => found.Name == name)) is not { } actual)
                continue;
            Equal($"stages.{name}.status", stage.Status, actual.Status);
            List($"stages.{name}.needs", stage.Needs, actual.Needs);
        }
        foreach (var (key, job) in expected.Jobs ?? new Dictionary<string, ExpectedJob>())
            if (Found($"jobs.{key}", build.Stages!.SelectMany(stage => stage.Jobs).FirstOrDefault(found => found.Key == key)) is { } actual)
                Job($"jobs.{key}", job, actual);
        if (expected.Diagnostics is not null)
            Diagnostics(expected.Diagnostics, build.Diagnostics);
        foreach (var diagnostic in expected.DiagnosticsHave ?? [])
            Diagnostics([diagnostic], [.. build.Diagnostics.Where(found => (found.Code, found.Line, found.Column) == (diagnostic.Code, diagnostic.Line, diagnostic.Column))]);
    }

    public void Log(string what, ExpectedJob expected, string text)
    {
        var lines = text.Split('\n');
        // The last line ends with a line feed, too.
        List($"{what}.log", expected.Log, lines[^1].Length == 0 ? lines[..^1] : lines);
        var at = 0;
        foreach (var part in expected.LogHas ?? [])
        {
            var found = Array.FindIndex(lines, at, line => line.Contains(part, StringComparison.Ordinal));
            if (found < 0)
                Differ($"{what}.logHas", $"\"{part}\" after line {at.ToString(CultureInfo.InvariantCulture)}", text);
            at = found < 0 ? at : found + 1;
        }
        foreach (var part in (expected.LogLacks ?? []).Where(part => text.Contains(part, StringComparison.Ordinal)))
            Differ($"{what}.logLacks", $"no \"{part}\"", text);
    }

    public void Artifact(string what, ExpectedArtifact expected, IReadOnlyDictionary<string, (string Content, bool Executable)> actual)
    {
        List(what, [.. expected.Files.Select(Line).Order(StringComparer.Ordinal)], [.. actual.Select(file => Line(new(file.Key, file.Value.Content))).Order(StringComparer.Ordinal)]);
        List($"{what}.executable", [.. expected.Executable.Order(StringComparer.Ordinal)], [.. actual.Where(file => file.Value.Executable).Select(file => file.Key).Order(StringComparer.Ordinal)]);

        static string Line(KeyValuePair<string, string> file) => $"{file.Key}: {file.Value}";
    }

    public void List(string what, IReadOnlyList<string>? expected, IReadOnlyList<string> actual)
    {
        if (expected is not null && !expected.SequenceEqual(actual, StringComparer.Ordinal))
            Differ(what, Shown(expected), Shown(actual));

        static string Shown(IReadOnlyList<string> list) => "[" + string.Join(", ", list.Select(item => $"\"{item}\"")) + "]";
    }

    public void Differ(string what, string expected, string? actual) => differences.Add($"{what}: expected {expected}, is {actual ?? "nothing"}");

    private void Job(string what, ExpectedJob expected, JobSummary actual)
    {
        Equal($"{what}.status", expected.Status, actual.Status);
        Part($"{what}.reason", expected.Reason, actual.Reason);
        Equal($"{what}.name", expected.Name, actual.Name);
        Equal($"{what}.image", expected.Image, actual.Image);
        Equal($"{what}.attempt", expected.Attempt, actual.Attempt);
        Equal($"{what}.allowFailure", expected.AllowFailure, actual.AllowFailure);
        List($"{what}.needs", expected.Needs, actual.Needs);
        List($"{what}.runsOn", expected.RunsOn, actual.RunsOn);
        if (expected.Outputs is not null)
            List($"{what}.outputs", Pairs(expected.Outputs), Pairs(actual.Outputs ?? new Dictionary<string, string>()));
        if (expected.Steps is null)
            return;
        if (expected.Steps.Count != actual.Steps.Count)
            Differ($"{what}.steps", $"{expected.Steps.Count} steps", $"{actual.Steps.Count}");
        foreach (var (index, (step, found)) in expected.Steps.Zip(actual.Steps).Index())
        {
            var which = $"{what}.steps[{index.ToString(CultureInfo.InvariantCulture)}]";
            Equal($"{which}.name", step.Name, found.Name);
            Equal($"{which}.status", step.Status, found.Status);
            Part($"{which}.reason", step.Reason, found.Reason);
            Equal($"{which}.exitCode", step.ExitCode, found.ExitCode);
        }

        static List<string> Pairs(IReadOnlyDictionary<string, string> map) => [.. map.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)];
    }

    private void Diagnostics(IReadOnlyList<ExpectedDiagnostic> expected, IReadOnlyList<Diagnostic> actual)
    {
        if (expected.Count != actual.Count)
            Differ("diagnostics", $"{expected.Count} of them", string.Join('\n', actual));
        foreach (var (index, (diagnostic, found)) in expected.Zip(actual).Index())
        {
            var what = $"diagnostics[{index.ToString(CultureInfo.InvariantCulture)}]";
            Equal(what, $"{diagnostic.Code} {diagnostic.Line}:{diagnostic.Column}", $"{found.Code} {found.Line}:{found.Column}");
            Part($"{what}.message", diagnostic.Message, found.Message);
            Part($"{what}.file", diagnostic.File, found.File);
        }
    }

    private T? Found<T>(string what, T? actual) where T : class
    {
        if (actual is null)
            Differ(what, "to be there", null);
        return actual;
    }

    private void Equal<T>(string what, T? expected, T? actual)
    {
        if (expected is not null && !expected.Equals(actual))
            Differ(what, $"{expected}", $"{actual}");
    }

    private void Part(string what, string? expected, string? actual)
    {
        if (expected is null || (expected.Length == 0 ? string.IsNullOrEmpty(actual) : actual?.Contains(expected, StringComparison.Ordinal) == true))
            return;
        Differ(what, expected.Length == 0 ? "none" : $"\"{expected}\"", actual);
    }
}
