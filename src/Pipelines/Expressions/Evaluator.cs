namespace PRTS.Pipelines.Expressions;

internal static class Evaluator
{
    public static ExpressionValue Evaluate(Node node, EvaluationContext context)
    {
        switch (node)
        {
            case Literal literal: return literal.Value;
            case ContextNode name: return Context(name, context);
            case Not not: return ExpressionValue.Of(!Evaluate(not.Operand, context).IsTrue);
            case Binary binary: return Apply(binary, context);
            case Call call: return call.Function.Apply([.. call.Arguments.Select(argument => Evaluate(argument, context))], context);
            case Property property: return Each(Evaluate(property.Target, context), target => target.Member(property.Name));
            case Index index: return At(Evaluate(index.Target, context), Evaluate(index.Key, context));
            case Filter filter: return All(Evaluate(filter.Target, context));
            default: throw new InvalidOperationException($"{node.GetType().Name} is not evaluated.");
        }
    }

    private static ExpressionValue Context(ContextNode name, EvaluationContext context)
    {
        foreach (var (key, value) in context.Values)
        {
            if (string.Equals(key, name.Name, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        throw new ExpressionException(
            $"The context '{name.Name}' is not available here; there are {string.Join(", ", context.Values.Keys.Order(StringComparer.Ordinal))}.", name.Position);
    }

    private static ExpressionValue Apply(Binary binary, EvaluationContext context)
    {
        var left = Evaluate(binary.Left, context);
        switch (binary.Operator)
        {
            case "&&": return left.IsTrue ? Evaluate(binary.Right, context) : left;
            case "||": return left.IsTrue ? left : Evaluate(binary.Right, context);
        }

        var right = Evaluate(binary.Right, context);
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
