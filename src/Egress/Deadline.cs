namespace PRTS.Egress;

/// <summary>The time that one request has, over all its redirects and until its answer is read.</summary>
internal sealed class Deadline(Uri asked, TimeSpan time, TimeProvider clock) : IDisposable
{
    private readonly CancellationTokenSource over = new(time, clock);

    public Uri Asked => asked;

    /// <exception cref="EgressRefusedException">The time is over.</exception>
    public async Task<T> Within<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            return await work(either.Token);
        }
        catch (Exception canceled) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested && canceled is OperationCanceledException or IOException or HttpRequestException and not EgressRefusedException)
        {
            throw new EgressRefusedException(EgressReason.Time, $"{asked.GetLeftPart(UriPartial.Authority)} took longer than {time.TotalSeconds:0.#} s to answer.", inner: canceled);
        }
    }

    public void Dispose() => over.Dispose();
}
