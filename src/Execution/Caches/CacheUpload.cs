namespace PRTS.Execution.Caches;

/// <summary>An archive to keep under a key. Size in bytes; Sha256: lower-case hex. <paramref name="Open"/> gives its bytes, as often as they are asked for.</summary>
public sealed record CacheUpload(string Key, string Sha256, long Size, Func<Stream> Open);
