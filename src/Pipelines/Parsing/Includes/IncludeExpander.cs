using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing.Includes;

/// <summary>
/// Writes templates out where a list of stages, jobs or steps includes them. Knows nothing of where templates come from: what is not
/// <paramref name="known"/> is collected as <see cref="Missing"/>, and whoever asked brings it and asks again.
/// </summary>
internal sealed class IncludeExpander(IReadOnlyDictionary<IncludeAddress, IncludedFile> known, ErrorList errors)
{
    private const int Deepest = 10;
    private const int Most = 200;

    /// <summary>The lists in which templates can stand, from the outermost.</summary>
    private static readonly string[] Kinds = ["stages", "jobs", "steps"];

    private readonly HashSet<IncludeAddress> missing = [];
    private readonly Dictionary<IncludeAddress, PlannedInclude> used = [];
    private (long Nodes, long Characters, int Includes) total;

    public IReadOnlyCollection<IncludeAddress> Missing => missing;

    /// <summary>Of other projects, in the order in which they are met.</summary>
    public IReadOnlyList<PlannedInclude> Used => [.. used.Values];

    /// <param name="Template">The template that the list stands in; null for the pipeline file.</param>
    private sealed record Origin(IncludeAddress? Template, int Depth);

    /// <exception cref="YamlStopException">Written out it is too large.</exception>
    public YamlNode Expand(YamlNode pipeline)
    {
        total = (pipeline.Nodes, pipeline.Characters, 0);
        return Below(pipeline, 0, new(null, 0));
    }

    private YamlNode Below(YamlNode node, int level, Origin origin)
    {
        // Below a step there may be steps that run at the same time.
        var (key, kind) = level < Kinds.Length ? (Kinds[level], level) : ("parallel", Kinds.Length - 1);
        if (node is not YamlMapping mapping || !mapping.Entries.Any(entry => entry.Key.Value == key)) return node;
        return new YamlMapping([.. mapping.Entries.Select(entry =>
            entry.Key.Value == key && entry.Value is YamlSequence list ? entry with { Value = List(list, kind, origin) } : entry)], mapping.Start);
    }

    private YamlSequence List(YamlSequence list, int level, Origin origin) =>
        new([.. list.Items.SelectMany(item => IncludeOf(item) is { } include ? Include(include, level, origin) : [Below(item, level + 1, origin)])], list.Start);

    private YamlEntry? IncludeOf(YamlNode item)
    {
        if (item is not YamlMapping mapping || mapping.Entries.FirstOrDefault(entry => entry.Key.Value == "include") is not { } include) return null;
        foreach (var other in mapping.Entries.Where(entry => entry != include))
            errors.Add(DiagnosticCodes.ConflictingKeys, other.Key.Start, $"`include` stands alone in its item of the list; remove `{Words.Short(other.Key.Value)}`, or give it to the template as one of its `inputs`.");
        return include;
    }

    private IReadOnlyList<YamlNode> Include(YamlEntry include, int level, Origin origin)
    {
        var at = include.Key.Start;
        if (++total.Includes > Most) throw new YamlStopException(DiagnosticCodes.TooManyNodes, at, $"The pipeline includes more than {Most} templates.");
        if (origin.Depth == Deepest)
        {
            errors.Add(DiagnosticCodes.BadInclude, at, $"Templates include each other more than {Deepest} deep here; does one include itself?");
            return [];
        }

        if (AddressOf(include.Value, origin, out var given) is not { } address) return [];
        if (!known.TryGetValue(address, out var file))
        {
            missing.Add(address);
            return [];
        }

        if (file.Problem is { } problem)
        {
            errors.Add(DiagnosticCodes.BadInclude, include.Value.Start, $"`{address}` cannot be included: {problem}");
            return [];
        }

        if (address.Project is { } project && file.Commit is { } commit)
            used.TryAdd(address, new() { Project = project, Ref = address.Ref, File = address.File, Commit = commit });
        if (ListOf(address.ToString(), file, include, Kinds[level]) is not var (list, inputs)) return [];
        var values = ValuesOf(inputs, given, include, address.ToString());
        var written = (YamlSequence)new TemplateInputs(address.ToString(), values, YamlLimits.Characters - total.Characters, errors).Write(list);
        Count(written, at);
        return List(written, level, new(address, origin.Depth + 1)).Items;
    }

    private IncludeAddress? AddressOf(YamlNode node, Origin origin, out MappingReader? given)
    {
        given = null;
        YamlScalar? file;
        string? project = null, gitRef = null;
        if (node is YamlScalar)
        {
            file = Values.AsScalar(node, "include", errors);
        }
        else
        {
            if (MappingReader.Of(node, PipelineKeys.Include, errors) is not { } reader) return null;
            reader.Require("file", "the template's path, for example `.prts/templates/test.yaml`");
            file = reader.Fixed("file");
            project = reader.Fixed("project")?.Value;
            gitRef = reader.Fixed("ref")?.Value;
            given = reader;
            if (project is not null && project.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
                errors.Add(DiagnosticCodes.BadValue, reader.PlaceOf("project"), "`project` is written `organization/project`.");
            if (gitRef is not null && project is null)
                errors.Add(DiagnosticCodes.ConflictingKeys, reader.PlaceOf("ref"), "`ref` is for templates of another `project`; a template of this repository is that of the same commit.");
        }

        if (file is null) return null;
        if (file.Value.Length == 0 || file.Value[0] is '/' or '~' || file.Value.Contains('\\') || file.Value.Any(char.IsControl) || file.Value.Split('/').Any(part => part is "" or "." or ".."))
        {
            errors.Add(DiagnosticCodes.BadPath, file.Start, $"`{Words.Short(file.Value)}` must be a path from the repository's root: without `.`, `..` and a `/` at its beginning.");
            return null;
        }

        // A template's own includes mean its own repository.
        return project is null ? new(origin.Template?.Project, origin.Template?.Ref, file.Value) : new(project, gitRef, file.Value);
    }

    /// <summary>The template's list, and what it asks for; null, with errors, when it is none.</summary>
    private (YamlSequence List, IReadOnlyList<PipelineInput> Inputs)? ListOf(string name, IncludedFile file, YamlEntry include, string kind)
    {
        var own = new ErrorList(name);
        try
        {
            if (Read(file, own) is not { } root) return Wrong(include, $"`{name}` is empty; a template has one of `stages`, `jobs` and `steps`.");
            if (MappingReader.Of(root, PipelineKeys.Template, own) is not { } template) return null;
            var inputs = template.Inputs();
            if (Kinds.Where(template.Has).ToList() is not [var has]) return Wrong(include, $"`{name}` is no template: it must have exactly one of `stages`, `jobs` and `steps`.");
            if (has != kind) return Wrong(include, $"`{name}` has `{has}`, and this is a list of {kind}; include it among {has}.");
            return template.Get(has) is { } node && template.Items(has, node, has) is not null ? ((YamlSequence)node, inputs) : null;
        }
        catch (YamlStopException stop)
        {
            own.Add(stop.Code, stop.At, stop.Message);
            return null;
        }
        finally
        {
            errors.Take(own);
        }
    }

    private static YamlNode? Read(IncludedFile file, ErrorList own) =>
        PipelineParser.Decode(file.Content.Span, own) is { } text && YamlComposer.Compose(text, own) is { } root and not YamlScalar { IsNull: true } ? root : null;

    private (YamlSequence, IReadOnlyList<PipelineInput>)? Wrong(YamlEntry include, string why)
    {
        errors.Add(DiagnosticCodes.BadInclude, include.Value.Start, why);
        return null;
    }

    private Dictionary<string, string> ValuesOf(IReadOnlyList<PipelineInput> inputs, MappingReader? include, YamlEntry entry, string template)
    {
        var given = new Dictionary<string, YamlScalar>(StringComparer.Ordinal);
        if (include?.Get("inputs") is { } node)
        {
            if (node is not YamlMapping mapping)
                errors.Add(DiagnosticCodes.WrongType, node.Start, $"`inputs` is a mapping of names to values, but this is {node.Kind}.");
            else
                foreach (var one in mapping.Entries)
                    Take(one);
        }

        foreach (var input in inputs.Where(input => input is { Required: true, Default: null } && !given.ContainsKey(input.Name)))
            errors.Add(DiagnosticCodes.BadInclude, entry.Key.Start, $"`{template}` needs the input `{input.Name}`{(input.Description.Length > 0 ? $": {input.Description}" : "")}.");
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var input in inputs)
            values[input.Name] = TemplateInputs.AsExpression(input, Usable(input, given.GetValueOrDefault(input.Name)?.Value ?? input.Default ?? (input.Required ? StandIn(input) : null)));
        return values;

        void Take(YamlEntry one)
        {
            if (inputs.FirstOrDefault(input => input.Name == one.Key.Value) is not { } input)
            {
                errors.Add(DiagnosticCodes.BadInclude, one.Key.Start, $"`{template}` has no input `{Words.Short(one.Key.Value)}`.{Suggestion.Text(one.Key.Value, [.. inputs.Select(known => known.Name)])}");
                return;
            }

            if (Values.AsScalar(one.Value, one.Key.Value, errors) is not { } value) return;
            given.TryAdd(input.Name, value);
            if (value.Value.Contains("${{", StringComparison.Ordinal))
                ExpressionCheck.Template(value, errors);
            else if (InputValues.Problem(input, value.Value) is { } problem)
                errors.Add(DiagnosticCodes.BadValue, value.Start, problem);
        }
    }

    /// <summary>What is wrong has been said where it stands, and shall not be said again where it is used.</summary>
    private string? Usable(PipelineInput input, string? value) =>
        value is null || value.Contains("${{", StringComparison.Ordinal) || InputValues.Problem(input, value) is null ? value : StandIn(input);

    /// <summary>For an input that was not given, so that its absence is told once.</summary>
    private string StandIn(PipelineInput input) => input.Type switch
    {
        InputType.Number => "1",
        InputType.Boolean => "true",
        InputType.Choice => input.Options.FirstOrDefault(""),
        _ => $"{input.Name}-{total.Includes}", // Two of them are not to be named alike.
    };

    private void Count(YamlSequence list, Place at)
    {
        total = (total.Nodes + list.Nodes, total.Characters + list.Characters, total.Includes);
        if (total.Nodes > YamlLimits.Nodes || total.Characters > YamlLimits.Characters)
            throw new YamlStopException(DiagnosticCodes.TooManyNodes, at, $"With its templates written out the pipeline has more than {YamlLimits.Nodes:N0} values or {YamlLimits.Characters:N0} characters.");
    }
}
