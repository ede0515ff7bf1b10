using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PRTS.EndToEnd.Tests;

/// <summary>A span as it came over the wire. Ids in hexadecimal; <see cref="Parent"/> is empty for a root.</summary>
internal sealed record ReceivedSpan(
    string Service, string Trace, string Id, string Parent, string Name, int Kind, ulong Start, ulong End, int Status, IReadOnlyDictionary<string, string> Attributes);

/// <summary>Takes traces as OTLP over HTTP in protobuf (opentelemetry-proto, trace/v1) and keeps their spans.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Lock gate = new();
    private readonly Dictionary<string, ReceivedSpan> spans = new(StringComparer.Ordinal);
    private readonly MemoryStream received = new();
    private readonly Task serving;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OtlpReceiver()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Url = new($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        }

        listener.Prefixes.Add(Url.AbsoluteUri);
        listener.Start();
        serving = Serve();
    }

    public Uri Url { get; }

    /// <summary>All bodies so far, one after another, as they came.</summary>
    public byte[] Received
    {
        get
        {
            lock (gate) return received.ToArray();
        }
    }

    /// <summary>The spans so far, once they are as the condition says. A span that comes twice counts once.</summary>
    public async Task<IReadOnlyList<ReceivedSpan>> Until(Func<IReadOnlyList<ReceivedSpan>, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            IReadOnlyList<ReceivedSpan> seen;
            Task more;
            lock (gate)
                (seen, more) = ([.. spans.Values], changed.Task);
            if (condition(seen))
                return seen;
            try
            {
                await more.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException late)
            {
                throw new TimeoutException("The awaited spans did not come; these did:\n" + string.Join('\n', seen.OrderBy(span => span.Start)
                    .Select(span => $"{span.Trace} {span.Parent,16} -> {span.Id} {span.Service} {span.Name}")), late);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Close();
    }

    private async Task Serve()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            if (context.Request.Url!.AbsolutePath == "/v1/traces")
                Take(body.ToArray());
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }

    private void Take(byte[] request)
    {
        lock (gate)
        {
            received.Write(request);
            foreach (var (_, resourceSpans) in Fields(request).Where(field => field.Number == 1))
            {
                var parts = Fields(resourceSpans);
                var service = parts.Where(part => part.Number == 1).SelectMany(part => Attributes(part.Value, 1)).First(attribute => attribute.Key == "service.name").Value;
                foreach (var (_, span) in parts.Where(part => part.Number == 2).SelectMany(part => Fields(part.Value)).Where(part => part.Number == 2))
                {
                    var read = Span(service, Fields(span));
                    spans[read.Id] = read;
                }
            }

            changed.SetResult();
            changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private static ReceivedSpan Span(string service, IReadOnlyList<(int Number, ReadOnlyMemory<byte> Value)> fields)
    {
        return new(
            service, Hex(1), Hex(2), Hex(4), Encoding.UTF8.GetString(Field(5).Span), (int)Number(Field(6)), Number(Field(7)), Number(Field(8)),
            Fields(Field(15)).Where(field => field.Number == 3).Select(field => (int)Number(field.Value)).FirstOrDefault(),
            fields.Where(field => field.Number == 9).SelectMany(field => Attribute(field.Value)).ToDictionary(StringComparer.Ordinal));

        ReadOnlyMemory<byte> Field(int number) => fields.FirstOrDefault(field => field.Number == number).Value;
        string Hex(int number) => Convert.ToHexStringLower(Field(number).Span);
    }

    private static IEnumerable<KeyValuePair<string, string>> Attributes(ReadOnlyMemory<byte> message, int number) =>
        Fields(message).Where(field => field.Number == number).SelectMany(field => Attribute(field.Value));

    /// <summary>A KeyValue whose value is a string or an integer; others are left out.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Attribute(ReadOnlyMemory<byte> message)
    {
        var fields = Fields(message);
        var key = Encoding.UTF8.GetString(fields.First(field => field.Number == 1).Value.Span);
        foreach (var (kind, value) in fields.Where(field => field.Number == 2).SelectMany(field => Fields(field.Value)))
        {
            if (kind == 1)
                yield return new(key, Encoding.UTF8.GetString(value.Span));
            else if (kind == 3)
                yield return new(key, Number(value).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Numbers are kept as eight bytes, little-endian.</summary>
    private static ulong Number(ReadOnlyMemory<byte> value) => value.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(value.Span);

    private static IReadOnlyList<(int Number, ReadOnlyMemory<byte> Value)> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int, ReadOnlyMemory<byte>)>();
        while (!message.IsEmpty)
        {
            var tag = Varint(ref message);
            var length = (tag & 7) switch { 1 => 8, 5 => 4, 2 => (int)Varint(ref message), 0 => 0, var other => throw new InvalidDataException($"Wire type {other}.") };
            var value = new byte[Math.Max(length, (tag & 7) == 2 ? 0 : 8)];
            if ((tag & 7) == 0)
                BinaryPrimitives.WriteUInt64LittleEndian(value, Varint(ref message));
            else
                message[..length].CopyTo(value);
            message = message[length..];
            fields.Add(((int)(tag >> 3), value));
        }

        return fields;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> message)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message.Span[0];
            message = message[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if ((next & 0x80) == 0)
                return value;
        }
    }
}
