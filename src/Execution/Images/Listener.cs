namespace PRTS.Execution.Images;

/// <summary>At once and in order, which <see cref="Progress{T}"/> is not.</summary>
internal sealed class Listener<T>(Action<T> hear) : IProgress<T>
{
    public void Report(T value) => hear(value);
}
