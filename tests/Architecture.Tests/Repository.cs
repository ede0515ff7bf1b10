using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PRTS.Architecture.Tests;

/// <summary>A file of this repository. Path: from the root, with forward slashes.</summary>
public sealed record SourceFile(string Path, string Text)
{
    public int Lines => Text.Split('\n').Length - (Text.EndsWith('\n') ? 1 : 0);
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];
}

/// <summary>A parsed C# file.</summary>
public sealed record CodeFile(SourceFile Source, CompilationUnitSyntax Root)
{
    public int LineOf(SyntaxNode node) => Root.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line + 1;
    public string Place(SyntaxNode node) => $"{Source.Path}:{LineOf(node)}";
    public IEnumerable<T> All<T>() => Root.DescendantNodes().OfType<T>();
}

/// <summary>This repository's own files, read once.</summary>
public static class Repository
{
    private static readonly string[] Generated = ["bin", "obj", "out", "var", "artifacts", "node_modules", ".git", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts"];
    private static readonly string[] TextExtensions = [".cs", ".razor", ".csproj", ".props", ".targets", ".json", ".yaml", ".yml", ".md", ".sh", ".sql", ".js", ".css", ".resx", ".sln", ".txt", ".conf", ".editorconfig", ""];

    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    public static IReadOnlyList<SourceFile> Files { get; } = [.. Read(new DirectoryInfo(Root))];

    public static IReadOnlyList<CodeFile> Code { get; } =
        [.. Files.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal)).AsParallel().AsOrdered().Select(Parse)];

    public static IEnumerable<CodeFile> CodeIn(string folder) => Code.Where(file => file.Source.Path.StartsWith(folder, StringComparison.Ordinal));

    private static CodeFile Parse(SourceFile file)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        return new CodeFile(file, CSharpSyntaxTree.ParseText(file.Text, options).GetCompilationUnitRoot());
    }

    private static IEnumerable<SourceFile> Read(DirectoryInfo directory)
    {
        foreach (var file in directory.EnumerateFiles().Where(f => TextExtensions.Contains(f.Extension) && f.LinkTarget is null))
        {
            yield return new SourceFile(Path.GetRelativePath(Root, file.FullName), File.ReadAllText(file.FullName));
        }

        foreach (var file in directory.EnumerateDirectories().Where(d => !Generated.Contains(d.Name) && d.LinkTarget is null).SelectMany(Read))
        {
            yield return file;
        }
    }

    private static string FindRoot(DirectoryInfo from) =>
        File.Exists(Path.Combine(from.FullName, "PRTS.sln")) ? from.FullName
        : from.Parent is { } parent ? FindRoot(parent)
        : throw new InvalidOperationException("The tests run outside of the checkout.");
}

/// <summary>Shows all that is wrong at once.</summary>
public static class Findings
{
    public static void None(IEnumerable<string> findings, string rule)
    {
        var all = findings.ToList();
        Assert.True(all.Count == 0, $"{rule}\n  {string.Join("\n  ", all)}");
    }
}
