namespace PRTS.Pipelines.Expressions;

/// <summary>Recursive descent over GitHub's grammar: <c>||</c>, <c>&amp;&amp;</c>, equality, comparison, <c>!</c>, then accessors.</summary>
internal sealed class ExpressionParser
{
    private const int MaximumDepth = 50;

    private readonly List<Token> tokens;
    private int next;
    private int depth;
    private bool asksForStatus;
    private bool asksForFiles;
    private readonly HashSet<string> contexts = new(StringComparer.OrdinalIgnoreCase);

    private ExpressionParser(List<Token> tokens) => this.tokens = tokens;

    private Token Current => tokens[next];

    public static (Node Root, bool AsksForStatus, bool AsksForFiles, IReadOnlySet<string> Contexts) Parse(string source)
    {
        if (source.Length > ExpressionLimits.Source)
            throw new ExpressionException($"The expression has {source.Length:N0} characters; it may have {ExpressionLimits.Source:N0}. Compute this in a step.");
        var parser = new ExpressionParser(Lexer.Read(source));
        if (parser.Current.Kind == TokenKind.End)
            throw new ExpressionException("An expression is expected, for example build.branch == 'main'.");
        var node = parser.Or();
        return parser.Current.Kind == TokenKind.End
            ? (node, parser.asksForStatus, parser.asksForFiles, parser.contexts)
            : throw new ExpressionException($"'{parser.Current.Text}' was not expected here; an operator such as == or && is missing, or this is one token too many.", parser.Current.Start);
    }

    private Node Or() => LeftToRight(And, "||");

    private Node And() => LeftToRight(Equality, "&&");

    private Node Equality() => LeftToRight(Comparison, "==", "!=");

    private Node Comparison() => LeftToRight(Unary, "<", "<=", ">", ">=");

    private Node LeftToRight(Func<Node> operand, params ReadOnlySpan<string> operators)
    {
        var left = operand();
        while (Current.Kind == TokenKind.Symbol && operators.Contains(Current.Text))
        {
            var symbol = Take();
            left = new Binary(symbol.Text, left, operand(), symbol.Start);
        }

        return left;
    }

    private Node Unary()
    {
        var bangs = 0;
        var position = Current.Start;
        for (; TakeIf("!"); bangs++)
        {
        }

        var operand = Accessors(Primary());
        // Two bangs make a boolean; more add nothing, and the tree stays flat.
        for (var count = bangs > 2 ? 2 - (bangs % 2) : bangs; count > 0; count--)
            operand = new Not(operand, position);
        return operand;
    }

    private Node Primary()
    {
        var token = Take();
        switch (token.Kind)
        {
            case TokenKind.Number: return new Literal(ExpressionValue.Of(Numbers.Parse(token.Text)), token.Start);
            case TokenKind.Text: return new Literal(ExpressionValue.Of(token.Text), token.Start);
            case TokenKind.Name: return Name(token);
            case TokenKind.Symbol when token.Text == "(":
                var inner = Deeper(Or, token.Start);
                Expect(")", "closes the group");
                return inner;
            case TokenKind.End: throw new ExpressionException("The expression ends where a value was expected.", token.Start);
            default: throw new ExpressionException($"'{token.Text}' stands where a value was expected.", token.Start);
        }
    }

    private Node Name(Token name)
    {
        if (Current is { Kind: TokenKind.Symbol, Text: "(" })
            return FunctionCall(name);
        switch (name.Text)
        {
            case "true": return new Literal(ExpressionValue.True, name.Start);
            case "false": return new Literal(ExpressionValue.False, name.Start);
            case "null": return new Literal(ExpressionValue.Null, name.Start);
            case "NaN": return new Literal(ExpressionValue.Of(double.NaN), name.Start);
            case "Infinity": return new Literal(ExpressionValue.Of(double.PositiveInfinity), name.Start);
        }

        if (contexts.Add(name.Text) && !Contexts.Names.Contains(name.Text))
            throw new ExpressionException($"There is no context '{name.Text}'; there are {string.Join(", ", Contexts.Names.Order(StringComparer.Ordinal))}. A text stands in single quotes.", name.Start);
        return new ContextNode(name.Text, name.Start);
    }

    private Call FunctionCall(Token name)
    {
        var function = Functions.Find(name.Text)
            ?? throw new ExpressionException($"There is no function '{name.Text}'; there are {string.Join(", ", Functions.Names)}.", name.Start);
        asksForStatus |= function.IsStatus;
        asksForFiles |= function.Name == "hashFiles";
        Take();
        var arguments = new List<Node>();
        if (!TakeIf(")"))
        {
            do
            {
                arguments.Add(Deeper(Or, name.Start));
            }
            while (TakeIf(","));
            Expect(")", $"closes the call of {function.Name}");
        }

        return arguments.Count >= function.Least && arguments.Count <= function.Most
            ? new Call(function, arguments, name.Start)
            : throw new ExpressionException($"{function.Name} takes {function.Arity}, not {arguments.Count}.", name.Start);
    }

    private Node Accessors(Node target)
    {
        for (var count = 0; ; count++)
        {
            if (count > MaximumDepth)
                throw new ExpressionException($"More than {MaximumDepth} properties in a row.", Current.Start);
            var position = Current.Start;
            if (target is Literal && tokens[next - 1].Text != ")" && Current is { Kind: TokenKind.Symbol, Text: "." or "[" })
                throw new ExpressionException("A literal has no properties; they follow a context such as build, a function's result or a group.", position);
            if (TakeIf("."))
            {
                var name = Take();
                target = name switch
                {
                    { Kind: TokenKind.Name } => new Property(target, name.Text, position),
                    { Kind: TokenKind.Symbol, Text: "*" } => new Filter(target, position),
                    _ => throw new ExpressionException("A property's name or * follows a dot.", name.Start),
                };
            }
            else if (TakeIf("["))
            {
                if (Current is { Kind: TokenKind.Symbol, Text: "*" })
                {
                    Take();
                    target = new Filter(target, position);
                }
                else
                {
                    target = new Index(target, Deeper(Or, position), position);
                }

                Expect("]", "closes the index");
            }
            else
            {
                return target;
            }
        }
    }

    private Node Deeper(Func<Node> read, int position)
    {
        if (++depth > MaximumDepth)
            throw new ExpressionException($"The expression is nested more than {MaximumDepth} levels deep.", position);
        var node = read();
        depth--;
        return node;
    }

    private Token Take() => tokens[next < tokens.Count - 1 ? next++ : next];

    private bool TakeIf(string symbol)
    {
        if (Current.Kind != TokenKind.Symbol || Current.Text != symbol)
            return false;
        next++;
        return true;
    }

    private void Expect(string symbol, string purpose)
    {
        if (!TakeIf(symbol))
            throw new ExpressionException($"'{symbol}' is missing, which {purpose}.", Current.Start);
    }
}
