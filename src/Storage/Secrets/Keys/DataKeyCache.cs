using System.Security.Cryptography;

namespace PRTS.Storage.Secrets.Keys;

/// <summary>
/// Unwrapped data keys, for a short time and not many of them, so that not every read asks the key provider. What goes is overwritten; what is
/// used is a copy, so nothing is overwritten under its user.
/// </summary>
public sealed class DataKeyCache : IDisposable
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    public const int Most = 1000;

    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Entry> entries = [];
    private readonly ITimer timer;

    public DataKeyCache(TimeProvider time)
    {
        this.time = time;
        timer = time.CreateTimer(_ => RemoveExpired(), null, Lifetime / 5, Lifetime / 5);
    }

    public int Count
    {
        get
        {
            lock (gate) return entries.Count;
        }
    }

    /// <summary>A copy, which its user overwrites; null when it is not here.</summary>
    public byte[]? Copy(Guid id)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(id, out var entry)) return null;
            if (entry.Until > time.GetUtcNow()) return entry.Key.ToArray();
            Remove(id, entry);
            return null;
        }
    }

    /// <summary>Takes the key over.</summary>
    internal void Put(Guid id, byte[] key)
    {
        lock (gate)
        {
            if (entries.TryGetValue(id, out var former)) Remove(id, former);
            else if (entries.Count >= Most && entries.MinBy(entry => entry.Value.Until) is var oldest) Remove(oldest.Key, oldest.Value);
            entries.Add(id, new(key, time.GetUtcNow() + Lifetime));
        }
    }

    internal void RemoveExpired()
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            foreach (var (id, entry) in entries.Where(entry => entry.Value.Until <= now).ToList()) Remove(id, entry);
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        lock (gate)
        {
            foreach (var (id, entry) in entries.ToList()) Remove(id, entry);
        }
    }

    private void Remove(Guid id, Entry entry)
    {
        entries.Remove(id);
        CryptographicOperations.ZeroMemory(entry.Key);
    }

    private sealed record Entry(byte[] Key, DateTimeOffset Until);
}
