using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PRTS.Architecture.Tests;

/// <summary>A ratchet: what is too long today may only get shorter, and nothing joins it.</summary>
public sealed class SizeTests
{
    private const int LongestFile = 500;
    private const int LongestPage = 150;
    private const int LongestProgram = 60;
    private const int LongestMethod = 70;

    /// <summary>Path and the length that it may have until it is split.</summary>
    private static readonly Dictionary<string, int> LongFiles = new(StringComparer.Ordinal);

    [Fact]
    public void Files_Length_IsBounded() => Findings.None(
        from file in Repository.Files
        let limit = LongFiles.GetValueOrDefault(file.Path, LimitOf(file))
        where file.Lines > limit
        select $"{file.Path}: {file.Lines} lines, at most {limit}",
        "A file is too long.");

    [Fact]
    public void Exceptions_All_AreStillNeeded() => Findings.None(
        from exception in LongFiles
        let file = Repository.Files.FirstOrDefault(f => f.Path == exception.Key)
        where file is null || file.Lines < exception.Value
        select $"{exception.Key}: {(file is null ? "is gone" : $"has {file.Lines} lines now")}",
        "An exception for a long file is larger than what it is for.");

    [Fact]
    public void Methods_Length_IsBounded() => Findings.None(
        from file in Repository.Code
        from member in file.Root.DescendantNodes().Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)
        let span = member.SyntaxTree.GetLineSpan(WithoutAttributes(member))
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > LongestMethod
        select $"{file.Place(member)}: {lines} lines, at most {LongestMethod}",
        "A method is too long.");

    private static Microsoft.CodeAnalysis.Text.TextSpan WithoutAttributes(SyntaxNode member) => member switch
    {
        BaseMethodDeclarationSyntax { AttributeLists: { Count: > 0 } lists } => Microsoft.CodeAnalysis.Text.TextSpan.FromBounds(lists.Span.End, member.Span.End),
        _ => member.Span,
    };

    private static int LimitOf(SourceFile file) => file switch
    {
        { Name: "Program.cs" } when file.Path.StartsWith("src/", StringComparison.Ordinal) => LongestProgram,
        { Path: var path } when path.EndsWith(".razor", StringComparison.Ordinal) => LongestPage,
        { Path: var path } when path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".js", StringComparison.Ordinal) || path.EndsWith(".css", StringComparison.Ordinal) => LongestFile,
        _ => int.MaxValue,
    };
}
