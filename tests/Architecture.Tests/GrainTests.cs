using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PRTS.Architecture.Tests;

/// <summary>What Orleans needs of our code and no compiler checks.</summary>
public sealed class GrainTests
{
    [Fact]
    public void GetGrain_OnlyInGrainKeys() => Findings.None(
        from file in Repository.CodeIn("src/")
        where file.Source.Path != "src/Contracts/GrainKeys.cs"
        from call in file.All<MemberAccessExpressionSyntax>()
        where call.Name.Identifier.Text == "GetGrain"
        select file.Place(call),
        "Grains are reached by the methods of GrainKeys.cs, which know their keys.");

    [Fact]
    public void Grains_Scheduler_IsNotLeft() => Findings.None(
        from file in Repository.CodeIn("src/Grains/")
        from call in file.All<InvocationExpressionSyntax>()
        let text = call.Expression.ToString()
        let leaves = text is "Task.Run"
            || text.EndsWith(".ConfigureAwait", StringComparison.Ordinal) && call.ArgumentList.Arguments is [{ Expression: var argument }] && argument.ToString() == "false"
        where leaves
        select $"{file.Place(call)}: {text}",
        "A grain stays on its own scheduler.");

    [Fact]
    public void SerializedTypes_All_HaveAnAlias() => Findings.None(
        from file in Repository.CodeIn("src/")
        from type in file.All<BaseTypeDeclarationSyntax>()
        where Has(type.AttributeLists, "GenerateSerializer") && !Has(type.AttributeLists, "Alias")
        select $"{file.Place(type)}: {type.Identifier.Text}",
        "A serialized type has an alias, or renaming it breaks what is stored.");

    [Fact]
    public void Aliases_All_AreUnique() => Findings.None(
        from alias in Repository.CodeIn("src/").SelectMany(file => file.All<BaseTypeDeclarationSyntax>().SelectMany(type => Arguments(type.AttributeLists, "Alias").Select(a => (Alias: a, Place: file.Place(type)))))
        group alias.Place by alias.Alias into places
        where places.Count() > 1
        select $"{places.Key}: {string.Join(", ", places)}",
        "Two types have one alias.");

    [Fact]
    public void SerializedMembers_All_HaveAnOwnId() => Findings.None(
        from file in Repository.CodeIn("src/")
        from type in file.All<TypeDeclarationSyntax>()
        where Has(type.AttributeLists, "GenerateSerializer")
        from finding in WrongIds(file, type)
        select finding,
        "Each member of a serialized type has an [Id] that no other one has.");

    private static IEnumerable<string> WrongIds(CodeFile file, TypeDeclarationSyntax type)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (node, name, attributes) in StateOf(type))
        {
            if (Has(attributes, "NonSerialized") || Has(attributes, "IgnoreDataMember"))
            {
                continue;
            }

            var id = Arguments(attributes, "Id").FirstOrDefault();
            if (id is null)
            {
                yield return $"{file.Place(node)}: {type.Identifier.Text}.{name} has no [Id]";
            }
            else if (!seen.Add(id))
            {
                yield return $"{file.Place(node)}: {type.Identifier.Text}.{name} repeats [Id({id})]";
            }
        }
    }

    /// <summary>What holds a value: automatic properties, fields, and the parameters of a record.</summary>
    private static IEnumerable<(Microsoft.CodeAnalysis.SyntaxNode Node, string Name, Microsoft.CodeAnalysis.SyntaxList<AttributeListSyntax> Attributes)> StateOf(TypeDeclarationSyntax type)
    {
        foreach (var parameter in (type as RecordDeclarationSyntax)?.ParameterList?.Parameters ?? [])
        {
            yield return (parameter, parameter.Identifier.Text, parameter.AttributeLists);
        }

        foreach (var member in type.Members.Where(member => !member.Modifiers.Any(m => m.Text is "static" or "const")))
        {
            if (member is PropertyDeclarationSyntax { ExpressionBody: null, AccessorList.Accessors: var accessors } property && accessors.All(a => a.Body is null && a.ExpressionBody is null))
            {
                yield return (property, property.Identifier.Text, property.AttributeLists);
            }
            else if (member is FieldDeclarationSyntax field)
            {
                yield return (field, field.Declaration.Variables[0].Identifier.Text, field.AttributeLists);
            }
        }
    }

    private static bool Has(Microsoft.CodeAnalysis.SyntaxList<AttributeListSyntax> lists, string name) => lists.SelectMany(list => list.Attributes).Any(a => a.Name.ToString() == name);

    private static IEnumerable<string> Arguments(Microsoft.CodeAnalysis.SyntaxList<AttributeListSyntax> lists, string name) =>
        lists.SelectMany(list => list.Attributes).Where(a => a.Name.ToString() == name && a.ArgumentList is not null).Select(a => a.ArgumentList!.Arguments[0].ToString());
}
