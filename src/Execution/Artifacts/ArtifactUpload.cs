namespace PRTS.Execution.Artifacts;

/// <summary>A named set of files to store.</summary>
public sealed record ArtifactUpload(string Name, IReadOnlyList<ArtifactUploadFile> Files);

/// <summary>One file of it.</summary>
/// <param name="Path">Relative, forward slashes, no <c>..</c>.</param>
/// <param name="FullPath">Where it lies now; for messages only: read it with <paramref name="Open"/>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Executable">The owner's execute bit.</param>
/// <param name="Open">Opens it for reading with the rights of the job's user and without following links.</param>
public sealed record ArtifactUploadFile(string Path, string FullPath, long Size, bool Executable, Func<Stream> Open);

/// <summary>The store will never take this artifact (too large, a bad name, taken already); the message says why.</summary>
public sealed class ArtifactRefusedException : Exception
{
    public ArtifactRefusedException(string message) : base(message) { }

    public ArtifactRefusedException(string message, Exception inner) : base(message, inner) { }

    public ArtifactRefusedException() { }
}
