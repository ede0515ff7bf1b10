namespace PRTS.Pipelines.Expressions;

/// <summary>A chain of properties that begins at a context and ends before a filter or a computed index: <c>needs.build['result']</c>.</summary>
/// <param name="Names">The context's, then the properties', as they are written.</param>
/// <param name="Position">Of the context's name in the source.</param>
internal sealed record Reference(IReadOnlyList<string> Names, int Position)
{
    /// <summary>All of an expression. With a stack of its own, because a chain of operators is as deep as the source is long.</summary>
    public static IEnumerable<Reference> In(Node root)
    {
        var open = new Stack<Node>([root]);
        while (open.TryPop(out var node))
        {
            if (Chain(node) is { } chain)
            {
                yield return chain;
                continue;
            }

            foreach (var child in Children(node)) open.Push(child);
        }
    }

    private static Reference? Chain(Node node)
    {
        var names = new List<string>();
        while (true)
        {
            switch (node)
            {
                case ContextNode context:
                    names.Add(context.Name);
                    names.Reverse();
                    return new(names, context.Position);
                case Property property:
                    names.Add(property.Name);
                    node = property.Target;
                    break;
                case Index { Key: Literal { Value: { Kind: ValueKind.Text } name } } index:
                    names.Add(name.AsText);
                    node = index.Target;
                    break;
                default:
                    return null;
            }
        }
    }

    private static IEnumerable<Node> Children(Node node) => node switch
    {
        Property property => [property.Target],
        Index index => [index.Target, index.Key],
        Filter filter => [filter.Target],
        Not not => [not.Operand],
        Binary binary => [binary.Left, binary.Right],
        Call call => call.Arguments,
        _ => [],
    };
}
