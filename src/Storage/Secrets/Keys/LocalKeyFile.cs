using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using PRTS.Storage.Blobs;
using PRTS.Storage.Secrets.Sealing;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>
/// A ring of keys in a file that only the server's user can read. The file is read for each use, which the cache of data keys makes rare: so
/// a key that another server added counts at once, and none stays in memory.
/// </summary>
public sealed class LocalKeyFile(string path, TimeProvider time) : IKeyProvider
{
    public const string ProviderName = "file";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public string Name => ProviderName;

    public string Description => $"the key file {path}";

    public bool Exists => File.Exists(path);

    /// <summary>Makes the file with its first key, unless it is there.</summary>
    public Task Make(CancellationToken cancellationToken = default) => Locked(
        () =>
        {
            if (!Exists) Write(Added(new Ring { Current = "", Keys = [] }));
            return "";
        },
        cancellationToken);

    public Task<string> CurrentKey(CancellationToken cancellationToken = default) => Task.FromResult(With(ring => ring.Current));

    public Task<WrappedKey> Wrap(ReadOnlyMemory<byte> dataKey, DataKeyContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(With(ring => new WrappedKey(ring.Current, Aead.Seal(KeyOf(ring, ring.Current), context.Bytes(), dataKey.Span))));

    public Task<byte[]> Unwrap(WrappedKey wrapped, DataKeyContext context, CancellationToken cancellationToken = default) => Task.FromResult(With(
        ring => Aead.Open(KeyOf(ring, wrapped.KeyId), context.Bytes(), wrapped.Bytes)
            ?? throw new SealBrokenException($"Data key {context.Id} does not open with key {wrapped.KeyId} of {Description}.")));

    public Task<string> Rotate(CancellationToken cancellationToken = default) => Locked(
        () => With(ring =>
        {
            Write(Added(ring));
            return ring.Current;
        }),
        cancellationToken);

    public void Dispose()
    {
    }

    private Ring Added(Ring ring)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        ring.Keys.Add(id, RandomNumberGenerator.GetBytes(Envelope.KeyLength));
        ring.Current = id;
        return ring;
    }

    private byte[] KeyOf(Ring ring, string id) =>
        ring.Keys.GetValueOrDefault(id) ?? throw new KeyProviderException($"The key file {path} has no key '{id}', which values are sealed with: restore the key from where the file came from.");

    /// <summary>Reads the ring, and overwrites it when it was used.</summary>
    private T With<T>(Func<Ring, T> use)
    {
        var ring = Read();
        try
        {
            return use(ring);
        }
        finally
        {
            foreach (var key in ring.Keys.Values) CryptographicOperations.ZeroMemory(key);
        }
    }

    private Ring Read()
    {
        byte[] bytes = [];
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & ~OwnerFolder) != UnixFileMode.None)
                throw new KeyProviderException($"The key file {path} can be used by others than its owner: chmod 600 {path}, and think about who has read it.");
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            var ring = JsonSerializer.Deserialize<Ring>(bytes, Json);
            return ring is not null && ring.Keys.ContainsKey(ring.Current) && ring.Keys.Values.All(key => key.Length == Envelope.KeyLength)
                ? ring
                : throw new KeyProviderException($"The key file {path} is damaged: restore it.");
        }
        catch (JsonException)
        {
            // The parser's message may quote what it read.
            throw new KeyProviderException($"The key file {path} is damaged: restore it.");
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new KeyProviderException($"There is no key file {path}: restore it.", failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new KeyProviderException($"The key file {path} cannot be read by the server's user.", failure);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private void Write(Ring ring)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(ring, Json);
        var fresh = path + ".new";
        try
        {
            File.Delete(fresh);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
            using (var file = new FileStream(fresh, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            DurableFile.Rename(fresh, path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Alone among all servers that share the file. The lock is the system's: it goes with the process.</summary>
    private async Task<T> Locked<T>(Func<T> act, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, OwnerFolder);
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using var held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return act();
            }
            catch (IOException taken) when (taken is not KeyProviderException and not FileNotFoundException and not DirectoryNotFoundException && time.GetElapsedTime(began) < LockPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
            }
            catch (UnauthorizedAccessException refused)
            {
                throw new KeyProviderException($"The key file {path} cannot be written by the server's user.", refused);
            }
        }
    }

    private sealed class Ring
    {
        public required string Current { get; set; }

        /// <summary>By id, 32 bytes each.</summary>
        public required Dictionary<string, byte[]> Keys { get; init; }
    }
}
