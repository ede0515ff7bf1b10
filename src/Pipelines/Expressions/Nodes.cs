namespace PRTS.Pipelines.Expressions;

internal abstract record Node(int Position);

internal sealed record Literal(ExpressionValue Value, int Position) : Node(Position);

internal sealed record ContextNode(string Name, int Position) : Node(Position);

internal sealed record Property(Node Target, string Name, int Position) : Node(Position);

internal sealed record Index(Node Target, Node Key, int Position) : Node(Position);

/// <summary><c>.*</c> or <c>[*]</c>.</summary>
internal sealed record Filter(Node Target, int Position) : Node(Position);

internal sealed record Not(Node Operand, int Position) : Node(Position);

internal sealed record Binary(string Operator, Node Left, Node Right, int Position) : Node(Position);

internal sealed record Call(Function Function, IReadOnlyList<Node> Arguments, int Position) : Node(Position);
