using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PRTS.Architecture.Tests;

/// <summary>Names that say nothing: a folder or a type is called after what it is about.</summary>
public sealed class NamingTests
{
    private static readonly string[] EmptyFolders = ["Models", "Services", "Helpers", "Managers", "Utils", "Utilities", "Common", "Misc"];
    private static readonly string[] EmptySuffixes = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Dto", "Impl"];

    [Fact]
    public void Folders_Names_SayADomain() => Findings.None(
        Repository.Files.Select(file => Path.GetDirectoryName(file.Path)!).Distinct(StringComparer.Ordinal)
            .Where(folder => folder.Split('/').Any(part => EmptyFolders.Contains(part, StringComparer.OrdinalIgnoreCase))),
        "A folder is named after its kind of code, not after its domain.");

    [Fact]
    public void Types_Names_SayWhatTheyAre() => Findings.None(
        from file in Repository.Code
        from type in file.All<BaseTypeDeclarationSyntax>()
        where EmptySuffixes.Any(suffix => type.Identifier.Text.EndsWith(suffix, StringComparison.Ordinal))
        select $"{file.Place(type)}: {type.Identifier.Text}",
        "A type's name ends with a word that says nothing.");

    [Fact]
    public void Namespaces_All_FollowTheFolders() => Findings.None(
        // What composes a slice may stand in the namespace above, where it is called.
        from file in Repository.CodeIn("src/")
        from name in file.All<BaseNamespaceDeclarationSyntax>()
        let expected = "PRTS." + string.Join('.', file.Source.Path.Split('/')[1..^1])
        where !(expected + ".").StartsWith(name.Name + ".", StringComparison.Ordinal)
        select $"{file.Place(name)}: {name.Name}, expected {expected}",
        "A namespace is PRTS and the folders, or the first of them.");
}
