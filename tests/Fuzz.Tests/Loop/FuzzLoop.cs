using System.Diagnostics;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>Runs a target over and over, and keeps inputs that reach new code as the ground for further ones.</summary>
internal sealed class FuzzLoop(IFuzzTarget target, FuzzOrder order, Coverage coverage, Guard guard)
{
    private const int MostFindings = 20;
    private const int ShrinkingExecutions = 2000;

    private readonly Random random = new(order.Seed);
    private readonly List<byte[]> corpus = [];
    private readonly Dictionary<string, Finding> findings = new(StringComparer.Ordinal);
    private long executions;

    public FuzzReport Run()
    {
        var mutator = new Mutator(random, target.Tokens);
        var seeds = target.Seeds.ToList();
        // What runs only once, such as static constructors, is not to count for an input.
        Execute(seeds[0]);
        coverage.Clear();
        var first = 0;
        foreach (var seed in seeds)
        {
            Try(seed, keep: true);
            if (first == 0) first = coverage.Edges;
        }

        var ofSeeds = coverage.Edges;
        if (corpus.Count == 0) corpus.Add(seeds[0]);
        var clock = Stopwatch.StartNew();
        while ((clock.Elapsed.TotalSeconds < order.Seconds || executions < order.Executions) && findings.Count < (order.StopAtFirst ? 1 : MostFindings))
            Try(Next(mutator), keep: order.Guided);
        return Report(first, ofSeeds, seeds.Count);
    }

    public FuzzReport Report(int first, int ofSeeds, int seeds) => new(executions, first, ofSeeds, coverage.Edges, seeds, corpus.Count, [.. findings.Values]);

    private byte[] Next(Mutator mutator)
    {
        var from = Pick();
        return random.Next(4) == 0 && target.Vary(random, from) is { } varied ? varied : mutator.Change(from, Pick());
    }

    /// <summary>What was found last leads further more often; of two, the shorter one, which is faster.</summary>
    private byte[] Pick()
    {
        var recent = Math.Max(1, corpus.Count / 4);
        var one = corpus[random.Next(2) == 0 ? corpus.Count - 1 - random.Next(recent) : random.Next(corpus.Count)];
        var two = corpus[random.Next(corpus.Count)];
        return random.Next(3) == 0 && two.Length < one.Length ? two : one;
    }

    private void Try(byte[] input, bool keep)
    {
        if (Execute(input) is { } wrong && findings.Count < MostFindings && !findings.ContainsKey(Signature(wrong)))
        {
            var shortest = Shrink(input, Signature(wrong));
            findings[Signature(wrong)] = new(wrong.ToString(), shortest);
            coverage.Clear();
            return;
        }

        if (coverage.Merge() && keep) corpus.Add(input);
        coverage.Clear();
    }

    private Exception? Execute(byte[] input)
    {
        executions++;
        guard.Begin(input);
        try
        {
            target.Run(input);
            return guard.End();
        }
#pragma warning disable CA1031 // Whatever a reader throws is what the search is for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            guard.End();
            return e;
        }
    }

    /// <summary>Takes pieces away as long as the same goes wrong.</summary>
    private byte[] Shrink(byte[] input, string signature)
    {
        var left = ShrinkingExecutions;
        for (var piece = input.Length / 2; piece > 0 && left > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= input.Length && left-- > 0;)
            {
                byte[] shorter = [.. input.AsSpan(0, at), .. input.AsSpan(at + piece)];
                if (Execute(shorter) is { } wrong && Signature(wrong) == signature) input = shorter;
                else at += piece;
            }
        }

        return input;
    }

    /// <summary>Two findings are the same when the same exception comes from the same place.</summary>
    private static string Signature(Exception wrong) =>
        string.Join('\n', (wrong.StackTrace ?? "").Split('\n').Take(3).Select(line => line.Split(" in ")[0].Trim()).Prepend(wrong.GetType().Name));
}
