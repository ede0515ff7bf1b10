namespace PRTS.Storage.Git;

/// <summary>git failed; the message is git's own.</summary>
public sealed class GitException(string command, string message) : Exception($"git {command}: {message}");

public sealed record CommitInfo
{
    /// <summary>40 lower-case hex digits.</summary>
    public required string Sha { get; init; }
    public required string Author { get; init; }
    public required string Email { get; init; }
    public required string Subject { get; init; }

    /// <summary>All of it, with the subject.</summary>
    public required string Message { get; init; }
    public required DateTimeOffset At { get; init; }
}

/// <summary>A <c>.prts/*.yaml</c> file at a commit.</summary>
public sealed record PipelineFile(string Path, ReadOnlyMemory<byte> Content);

/// <summary>A file of a commit; null: the commit has none of the name.</summary>
public sealed record FileAtCommit(string Commit, ReadOnlyMemory<byte>? Content);

/// <summary>A ref's full name and the commit it points to. FullRef is null where a bare commit was asked for.</summary>
public sealed record ResolvedRef(string? FullRef, string Sha);
