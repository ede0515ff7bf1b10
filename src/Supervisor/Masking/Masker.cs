using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PRTS.Supervisor.Masking;

/// <summary>Takes bytes that are to be kept.</summary>
public delegate void MaskedBytes(ReadOnlySpan<byte> bytes);

/// <summary>
/// Masks a stream of bytes, however it is cut. Holds back only what may be the beginning of a secret: up to three bytes until
/// <see cref="Quiet"/>, more until it is known. See docs/adr/0013-masking.md. For one thread.
/// </summary>
public sealed class Masker
{
    private const int Slice = 64 << 10;

    /// <summary>No needle has as many line ends one after another.</summary>
    private const int MostLineEnds = 2 * Needle.Block;
    private readonly MaskedBytes target;
    private readonly ArrayBufferWriter<byte> assembled = new();
    private readonly List<Candidate> alive = [];
    private readonly Hidden hidden = new();
    private Masks masks;

    /// <summary>What is not passed on, and what before it a secret may begin with.</summary>
    private byte[] window = [];
    private int length;

    /// <summary>In the window: all before it is passed on or masked.</summary>
    private int passed;

    /// <summary>What was passed on last is a mask.</summary>
    private bool afterMask;

    /// <summary>The last four bytes that are no line's end, the last one in the lowest bits.</summary>
    private uint last;

    public Masker(Masks masks, MaskedBytes target) => (this.masks, this.target) = (masks, target);

    /// <summary>Whether anything has been masked so far.</summary>
    public bool HasMasked { get; private set; }

    /// <summary>Whether <see cref="Quiet"/> would pass something on.</summary>
    public bool Waits => passed < Limit(quiet: true);

    /// <summary>From now on these are masked: also in what is held back.</summary>
    public void Use(Masks next)
    {
        if (ReferenceEquals(masks, next))
            return;
        masks = next;
        alive.Clear();
        hidden.Clear();
        last = 0;
        Scan(0);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var slice = bytes[..Math.Min(bytes.Length, Slice)];
            bytes = bytes[slice.Length..];
            if (window.Length - length < slice.Length)
                Array.Resize(ref window, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(length + slice.Length)));
            slice.CopyTo(window.AsSpan(length));
            var from = length;
            length += slice.Length;
            GoOn();
            Scan(from);
            var limit = Limit(quiet: false);
            Pass(limit);
            Trim(limit);
        }
    }

    /// <summary>Nothing has come for a while: passes on what is shorter than any beginning that counts. Should a secret come of it, its rest is masked.</summary>
    public void Quiet()
    {
        Pass(Limit(quiet: true));
        Trim(Limit(quiet: false));
    }

    /// <summary>Nothing will come any more. What comes all the same is another stream.</summary>
    /// <param name="hideUnfinished">Masks a secret, too, of which the last part is lacking.</param>
    public void End(bool hideUnfinished = true)
    {
        foreach (var candidate in alive)
        {
            if (hideUnfinished)
                hidden.Add(candidate.Start, length);
        }
        alive.Clear();
        Pass(length);
        (length, passed, last, afterMask) = (0, 0, 0, false);
        hidden.Clear();
    }

    /// <summary>With what is known now.</summary>
    private void GoOn()
    {
        var kept = 0;
        for (var i = 0; i < alive.Count; i++)
        {
            var candidate = alive[i];
            switch (candidate.Compare(window.AsSpan(0, length)))
            {
                case Comparison.Matches: hidden.Add(candidate.Start, candidate.At); break;
                case Comparison.Unfinished: alive[kept++] = candidate; break;
            }
        }
        alive.RemoveRange(kept, alive.Count - kept);
    }

    /// <summary>Looks at every position at which four bytes end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scan(int from)
    {
        var (bits, shift) = masks.Index.Table;
        ref var table = ref MemoryMarshal.GetArrayDataReference(bits);
        ref var bytes = ref MemoryMarshal.GetArrayDataReference(window);
        var (four, end) = (last, length);
        for (var i = from; i < end; i++)
        {
            uint b = Unsafe.Add(ref bytes, i);
            if (b is '\n' or '\r')
                continue;
            four = (four << 8) | b;
            var hash = BeginningIndex.Hash(four) >> shift;
            if ((Unsafe.Add(ref table, hash >> 3) & (1u << (int)(hash & 7))) != 0)
                Look(i, four);
        }
        last = four;
    }

    /// <param name="end">Where the last of the four bytes is.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Look(int end, uint beginning)
    {
        var start = -1;
        var text = window.AsSpan(0, length);
        var plain = Span<byte>.Empty;
        var bucket = masks.Index.BucketOf(beginning);
        for (var place = bucket.Start.Value; place < bucket.End.Value; place++)
        {
            if (masks.Index.Find(place, beginning) is not (>= 0 and var value))
                continue;
            if (start < 0)
            {
                if ((start = Back(end, Beginnings.Length - 1)) < 0)
                    return;
                plain = text[start..];
                plain = plain.IndexOfAny(Letters.ThatNeedReading) is >= 0 and var special ? plain[..special] : plain;
            }
            if (!masks.MayStandIn(value, plain))
                continue;
            var candidate = masks.Candidate(value, start);
            switch (candidate.Compare(text))
            {
                case Comparison.Matches: hidden.Add(start, candidate.At); break;
                case Comparison.Unfinished: alive.Add(candidate); break;
            }
        }
    }

    /// <summary>So many bytes before another, line ends not counted; -1: they are not there.</summary>
    private int Back(int position, int count)
    {
        for (var ends = 0; count > 0; count--)
        {
            do
            {
                if (--position < 0 || ends++ > MostLineEnds)
                    return -1;
            }
            while (Letters.IsEndOfLine(window[position]));
        }
        return position;
    }

    /// <summary>Up to where nothing can become part of a secret any more, or, when it is quiet, of one that more than three bytes of are there.</summary>
    private int Limit(bool quiet)
    {
        var limit = quiet ? length : Tail();
        foreach (var candidate in alive)
            limit = Math.Min(limit, candidate.Start);
        return limit;
    }

    /// <summary>Where up to three bytes begin that a needle begins with.</summary>
    private int Tail()
    {
        var bytes = 0u;
        var tail = length;
        for (int position = length, count = 1; count < Beginnings.Length; count++)
        {
            position = Back(position, 1);
            if (position < 0)
                break;
            bytes |= (uint)window[position] << (8 * (count - 1));
            if (masks.Index.MayBegin(bytes, count))
                tail = position;
        }
        return tail;
    }

    private void Pass(int limit)
    {
        var isWhole = true;
        var from = passed;
        foreach (var (start, end) in hidden.Parts)
        {
            if (end <= passed)
                continue;
            if (start > limit && start > passed)
                break;
            if (isWhole)
                assembled.ResetWrittenCount();
            isWhole = false;
            if (start > passed)
                Keep(start);
            if (!afterMask)
                assembled.Write("***"u8);
            HasMasked = afterMask = true;
            passed = end;
        }
        if (isWhole && limit > from)
        {
            target(window.AsSpan(from, limit - from));
            (passed, afterMask) = (limit, false);
        }
        if (isWhole)
            return;
        if (limit > passed)
            Keep(limit);
        target(assembled.WrittenSpan);
    }

    private void Keep(int end)
    {
        assembled.Write(window.AsSpan(passed, end - passed));
        (passed, afterMask) = (end, false);
    }

    /// <summary>Forgets what is passed on and begins nothing.</summary>
    private void Trim(int limit)
    {
        var gone = Math.Min(passed, limit);
        if (gone == 0)
            return;
        window.AsSpan(gone, length - gone).CopyTo(window);
        (length, passed) = (length - gone, passed - gone);
        foreach (ref var candidate in CollectionsMarshal.AsSpan(alive))
            (candidate.Start, candidate.At) = (candidate.Start - gone, candidate.At - gone);
        hidden.Forget(gone, passed);
    }
}
