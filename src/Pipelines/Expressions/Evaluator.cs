namespace PRTS.Pipelines.Expressions;

/// <summary>One evaluation of one expression.</summary>
internal sealed class Evaluator(EvaluationContext context)
{
    private long work;

    public ExpressionValue Evaluate(Node node)
    {
        switch (node)
        {
            case Literal literal: return literal.Value;
            case ContextNode name: return Context(name);
            case Not not: return ExpressionValue.Of(!Evaluate(not.Operand).IsTrue);
            case Binary binary: return Chain(binary);
            case Call call: return Apply(call);
            case Property property: return Each(Evaluate(property.Target), target => target.Member(property.Name));
            case Index index: return At(Evaluate(index.Target), Evaluate(index.Key));
            case Filter filter: return All(Evaluate(filter.Target));
            default: throw new InvalidOperationException($"{node.GetType().Name} is not evaluated.");
        }
    }

    private ExpressionValue Context(ContextNode name)
    {
        foreach (var (key, value) in context.Values)
        {
            if (string.Equals(key, name.Name, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        throw new ExpressionException(
            $"The context '{name.Name}' is not available here; there are {string.Join(", ", context.Values.Keys.Order(StringComparer.Ordinal))}.", name.Position);
    }

    /// <summary>Calls that feed one another could grow without end: what goes through all of them together is limited.</summary>
    private ExpressionValue Apply(Call call)
    {
        var arguments = new ExpressionValue[call.Arguments.Count];
        for (var index = 0; index < arguments.Length; index++)
            arguments[index] = Evaluate(call.Arguments[index]);
        var result = call.Function.Apply(arguments, context);
        foreach (var value in arguments.Append(result))
            work += value.Kind == ValueKind.Text ? value.AsText.Length : value.Items.Count + value.Members.Count;
        return work <= ExpressionLimits.Work
            ? result
            : throw new ExpressionException("The functions of this expression have too much text to work on; compute this in a step.", call.Position);
    }

    /// <summary>A chain such as <c>a &amp;&amp; b &amp;&amp; c</c> leans to the left and is as long as its author likes: it is walked, not descended.</summary>
    private ExpressionValue Chain(Binary last)
    {
        var chain = new Stack<Binary>();
        Node first = last;
        for (; first is Binary binary; first = binary.Left)
            chain.Push(binary);
        var value = Evaluate(first);
        while (chain.TryPop(out var binary))
            value = Apply(binary, value);
        return value;
    }

    private ExpressionValue Apply(Binary binary, ExpressionValue left)
    {
        switch (binary.Operator)
        {
            case "&&": return left.IsTrue ? Evaluate(binary.Right) : left;
            case "||": return left.IsTrue ? left : Evaluate(binary.Right);
        }

        var right = Evaluate(binary.Right);
        return ExpressionValue.Of(binary.Operator switch
        {
            "==" => Comparisons.AreEqual(left, right),
            "!=" => !Comparisons.AreEqual(left, right),
            "<" => Comparisons.IsLess(left, right),
            ">" => Comparisons.IsLess(right, left),
            "<=" => Comparisons.IsLess(left, right) || Comparisons.AreEqual(left, right),
            _ => Comparisons.IsLess(right, left) || Comparisons.AreEqual(left, right),
        });
    }

    /// <summary>A property of a filter's result is that of each of its items that has it.</summary>
    private static ExpressionValue Each(ExpressionValue target, Func<ExpressionValue, ExpressionValue?> property) => target.IsFiltered
        ? ExpressionValue.Filtered(target.Items.Select(property).OfType<ExpressionValue>())
        : property(target) ?? ExpressionValue.Null;

    private static ExpressionValue At(ExpressionValue target, ExpressionValue key)
    {
        if (target.IsFiltered)
            return Each(target, item => One(item, key));
        return One(target, key) ?? ExpressionValue.Null;
    }

    private static ExpressionValue? One(ExpressionValue target, ExpressionValue key)
    {
        if (target.Kind == ValueKind.Object && key.Kind is not (ValueKind.Array or ValueKind.Object))
            return target.Member(key.AsText);
        if (target.Kind != ValueKind.Array)
            return null;
        var index = Math.Floor(key.AsNumber);
        return index >= 0 && index < target.Items.Count ? target.Items[(int)index] : null;
    }

    private static ExpressionValue All(ExpressionValue target)
    {
        if (target.IsFiltered)
            return ExpressionValue.Filtered(target.Items.SelectMany(Children));
        return ExpressionValue.Filtered(Children(target));
    }

    private static IEnumerable<ExpressionValue> Children(ExpressionValue value) => value.Kind switch
    {
        ValueKind.Array => value.Items,
        ValueKind.Object => value.Members.Select(member => member.Value),
        _ => [],
    };
}

/// <summary>Loose comparison: the same kinds as they are, different ones as numbers; texts without case; NaN is unequal to all.</summary>
internal static class Comparisons
{
    public static bool AreEqual(ExpressionValue left, ExpressionValue right)
    {
        if (left.Kind == right.Kind)
        {
            return left.Kind switch
            {
                ValueKind.Null => true,
                ValueKind.Text => string.Equals(left.AsText, right.AsText, StringComparison.OrdinalIgnoreCase),
                // Arrays and objects are equal to themselves only.
                ValueKind.Array or ValueKind.Object => ReferenceEquals(left, right),
                _ => left.AsNumber == right.AsNumber,
            };
        }

        return Primitive(left) && Primitive(right) && left.AsNumber == right.AsNumber;
    }

    public static bool IsLess(ExpressionValue left, ExpressionValue right)
    {
        if (left.Kind == ValueKind.Text && right.Kind == ValueKind.Text)
            return string.Compare(left.AsText, right.AsText, StringComparison.OrdinalIgnoreCase) < 0;
        return Primitive(left) && Primitive(right) && left.AsNumber < right.AsNumber;
    }

    private static bool Primitive(ExpressionValue value) => value.Kind is not (ValueKind.Array or ValueKind.Object);
}
