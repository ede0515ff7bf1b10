namespace PRTS.Pipelines.Parsing.Includes;

/// <summary>Where a template is: a path from the root of a repository.</summary>
/// <param name="Project">Another project, as <c>org/name</c>; null: the repository of the pipeline.</param>
/// <param name="Ref">Of the other project: branch, tag or commit; null: its default branch.</param>
public sealed record IncludeAddress(string? Project, string? Ref, string File)
{
    /// <summary>As messages name it: <c>file</c>, or <c>org/name@ref:file</c>.</summary>
    public override string ToString() => Project is null ? File : Ref is null ? $"{Project}:{File}" : $"{Project}@{Ref}:{File}";
}

/// <summary>What was found there: the content, or why there is none.</summary>
/// <param name="Commit">Of another project: the commit that its ref pointed to.</param>
public sealed record IncludedFile(ReadOnlyMemory<byte> Content, string? Problem = null, string? Commit = null)
{
    public static IncludedFile None(string problem) => new(default, problem);
}
