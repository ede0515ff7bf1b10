using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Collects what is wrong in one pipeline, and what its expressions refer to, of which the whole must tell. A place that aliases reach twice is reported once.</summary>
internal sealed class ErrorList(string file, DiagnosticSeverity severity = DiagnosticSeverity.Error)
{
    /// <summary>Nobody reads more, and a build keeps its errors.</summary>
    public const int Limit = 200;

    private readonly HashSet<Diagnostic> errors = [];

    /// <summary>Where aliases stand for nothing: whatever else is wrong there follows from that.</summary>
    private readonly HashSet<Place> unknown = [];
    private Place? overflow;

    public ReferenceList References { get; } = new();

    public bool Any => errors.Count > 0;

    public void Add(string code, Place at, string message) => Add(code, at, () => message);

    /// <param name="code">One of <see cref="DiagnosticCodes"/>.</param>
    /// <param name="at">Where it is written.</param>
    /// <param name="message">Not asked when the list is full: a file may have as many errors as it has words, and suggestions cost time.</param>
    public void Add(string code, Place at, Func<string> message)
    {
        if (unknown.Contains(at))
            return;
        if (code == DiagnosticCodes.UnknownAlias)
            unknown.Add(at);
        if (errors.Count < Limit)
            errors.Add(new Diagnostic { Code = code, File = at.File ?? file, Line = at.Line, Column = at.Column, Message = message(), Severity = severity });
        else
            overflow ??= at;
    }

    /// <summary>Adds what is wrong in a template.</summary>
    public void Take(ErrorList template)
    {
        foreach (var error in template.InOrder())
            Add(error.Code, new Place(error.Line, error.Column, error.File), error.Message);
    }

    public IReadOnlyList<Diagnostic> InOrder()
    {
        var ordered = errors.OrderBy(e => e.File != file).ThenBy(e => e.File, StringComparer.Ordinal).ThenBy(e => e.Line).ThenBy(e => e.Column).ToList();
        if (overflow is { } at)
            ordered.Add(new Diagnostic
            {
                Code = DiagnosticCodes.TooManyErrors,
                File = at.File ?? file,
                Line = at.Line,
                Column = at.Column,
                Message = $"There are more than {Limit} {(severity == DiagnosticSeverity.Error ? "errors" : "warnings")}; the rest is not listed. Mend these first.",
                Severity = severity,
            });
        return ordered;
    }
}
