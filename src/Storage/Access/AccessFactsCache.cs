using System.Collections.Concurrent;
using PRTS.Contracts.Access;

namespace PRTS.Storage.Access;

/// <summary>
/// Keeps what decides users' rights while this server hears of every change to it; without that it reads them each time. What was read
/// while a change came in is not kept.
/// </summary>
public sealed class AccessFactsCache : IDisposable
{
    private const int Most = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<Guid, (AccessFacts Facts, DateTimeOffset Until)> known = new();
    private readonly AccessFactsStore store;
    private readonly AccessWatch watch;
    private readonly TimeProvider time;
    private readonly IDisposable subscription;
    private long changes;

    public AccessFactsCache(AccessFactsStore store, AccessWatch watch, TimeProvider time)
    {
        (this.store, this.watch, this.time) = (store, watch, time);
        subscription = watch.Subscribe(Forget);
    }

    /// <summary>Null when there is no such user.</summary>
    public async ValueTask<AccessFacts?> Get(Guid userId, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        if (watch.IsListening && known.TryGetValue(userId, out var kept) && kept.Until > now) return kept.Facts;
        var before = Interlocked.Read(ref changes);
        var facts = await store.Get(userId, cancellationToken);
        if (facts is null || !watch.IsListening) return facts;
        if (known.Count >= Most) known.Clear();
        known[userId] = (facts, now + Lifetime);
        if (before != Interlocked.Read(ref changes)) known.TryRemove(userId, out _);
        return facts;
    }

    public void Dispose() => subscription.Dispose();

    private void Forget(string? tenant)
    {
        Interlocked.Increment(ref changes);
        if (tenant is null) known.Clear();
        foreach (var (user, kept) in known)
        {
            if (kept.Facts.Tenant == tenant) known.TryRemove(user, out _);
        }
    }
}
