using System.Text;
using PRTS.Supervisor.Masking;

namespace PRTS.Supervisor.Tests.Masking;

/// <summary>Random secrets in every form that an encoder gives them, cut at every byte: nothing of them may be left.</summary>
public sealed class RandomSecretTests(ITestOutputHelper output)
{
    private const int Batch = 50;
    // No secret has a NUL, so what stands beside one is never a part of it.
    private const string Left = "value: \0";
    private const string Right = "\0 ;\n";

    [Fact]
    public void Append_TenThousandSecretsAtEverySplit_LeaksNothing() => Check(10_000, seed: 1);

    [Fact(Explicit = true)]
    public void Append_HundredThousandSecretsAtEverySplit_LeaksNothing() => Check(100_000, seed: 2);

    [Fact]
    public void Append_QuietBetween_ShowsAtMostThreeBytesOfTheBeginning()
    {
        var secrets = new RandomSecrets(3);
        var splits = 0;
        for (var i = 0; i < 500; i++)
        {
            var secret = secrets.Next();
            var stream = new MaskedStream(Masks.Of([secret]));
            foreach (var (name, form) in Encoders.Whole(secret))
            {
                var text = Encoding.UTF8.GetBytes(Left + form + Right);
                for (var split = 0; split <= text.Length; split++, splits++)
                {
                    stream.Clear();
                    stream.Masker.Append(text.AsSpan(0, split));
                    stream.Masker.Quiet();
                    stream.Masker.Append(text.AsSpan(split));
                    stream.Masker.End();
                    if (!ShowsAtMostThree(stream.Bytes[Left.Length..^Right.Length], text.AsSpan(Left.Length..^Right.Length)))
                        Assert.Fail($"{name}: {form} cut at {split}: {stream.Text}");
                }
            }
        }
        output.WriteLine($"{splits} splits with a pause");
    }

    private static void Check(int count, int seed)
    {
        var (forms, splits) = (0L, 0L);
        var secrets = new RandomSecrets(seed);
        var batches = Enumerable.Range(0, count / Batch).Select(_ => Enumerable.Range(0, Batch).Select(_ => secrets.Next()).ToList()).ToList();
        Parallel.ForEach(batches, batch =>
        {
            var stream = new MaskedStream(Masks.Of(batch));
            var (batchForms, batchSplits) = (0L, 0L);
            foreach (var secret in batch)
            {
                var written = Encoders.Whole(secret).Select(form => (form.Name, form.Text, Before: "", After: ""))
                    .Concat(Encoders.Base64(secret))
                    .Concat(secret.Split('\n').Select(line => line.Trim()).Where(line => Encoding.UTF8.GetByteCount(line.Replace("\r", "", StringComparison.Ordinal)) >= Masks.ShortestLength).Select(line => (Name: "line", Text: line, Before: "", After: "")))
                    .DistinctBy(form => form.Text);
                foreach (var (name, text, before, after) in written)
                {
                    batchForms++;
                    batchSplits += CheckSplits(stream, name, text, Left + before, after + Right);
                }
            }
            Interlocked.Add(ref forms, batchForms);
            Interlocked.Add(ref splits, batchSplits);
        });
        Console.WriteLine($"counted: masking, {count} random secrets (seed {seed}) in {forms} encoded texts, each cut at every byte: {splits} streams, 0 of which show a byte of a secret");
        Assert.True(splits > 200L * count, $"{splits}");
    }

    private static int CheckSplits(MaskedStream stream, string name, string form, string left, string right)
    {
        var text = Encoding.UTF8.GetBytes(left[..Left.Length] + form + right[^Right.Length..]);
        var (before, after) = (Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
        var (first, end) = (Left.Length, text.Length - Right.Length);
        for (var split = first; split <= end; split++)
        {
            stream.Clear();
            stream.Masker.Append(text.AsSpan(0, split));
            stream.Masker.Append(text.AsSpan(split));
            stream.Masker.End();
            var shown = stream.Bytes;
            if (shown.Length < before.Length + after.Length + 3 || !shown.StartsWith(before) || !shown.EndsWith(after) || !LineEndsOnly(shown[before.Length..^after.Length]))
                Assert.Fail($"{name}: '{form}' cut at {split} shows '{stream.Text}'");
        }
        return end - first + 1;
    }

    /// <summary>Up to three bytes of the form, and line ends among them, before the mask.</summary>
    private static bool ShowsAtMostThree(ReadOnlySpan<byte> shown, ReadOnlySpan<byte> form)
    {
        for (int at = 0, bytes = 0; at < shown.Length && at < form.Length && shown[at..].Length >= 3 && bytes <= 3; at++)
        {
            if (shown[at..].StartsWith("***"u8) && LineEndsOnly(shown[at..]))
                return true;
            if (shown[at] != form[at])
                return false;
            bytes += shown[at] is (byte)'\n' or (byte)'\r' ? 0 : 1;
        }
        return false;
    }

    /// <summary>Masks, and between those of a long secret's blocks the end of a line at most.</summary>
    private static bool LineEndsOnly(ReadOnlySpan<byte> shown)
    {
        while (!shown.IsEmpty)
        {
            if (shown.StartsWith("***"u8))
                shown = shown[3..];
            else if (shown[0] is (byte)'\n' or (byte)'\r')
                shown = shown[1..];
            else
                return false;
        }
        return true;
    }
}
