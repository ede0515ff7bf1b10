using PRTS.Pipelines.Expressions;
using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Validation;

/// <summary>A reference of an expression, where it is written and when it is evaluated.</summary>
/// <param name="Names"><see cref="Reference.Names"/>.</param>
/// <param name="Position">In the text. Its place is found only when someone asks: texts may be long, and references many.</param>
internal sealed record PlacedReference(IReadOnlyList<string> Names, YamlScalar Text, int Position, Evaluated When)
{
    public string Context => Names[0].ToLowerInvariant();
}

/// <summary>Collects references while a file is read; whoever reads a part of it takes what came since it began.</summary>
internal sealed class ReferenceList
{
    private readonly List<PlacedReference> references = [];

    /// <summary>Where a part begins.</summary>
    public int Mark => references.Count;

    /// <param name="start">Of the expression in the text.</param>
    public void Add(Expression expression, YamlScalar text, int start, Evaluated when) => references.AddRange(expression.References
        .Where(reference => reference.Names.Count > 1 && ReferenceCheck.Knows(reference.Names[0]))
        .Select(reference => new PlacedReference(reference.Names, text, start + reference.Position, when)));

    public IReadOnlyList<PlacedReference> Take(int mark)
    {
        var taken = references[mark..];
        references.RemoveRange(mark, taken.Count);
        return taken;
    }
}
