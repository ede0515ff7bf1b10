using System.Buffers;

namespace PRTS.Supervisor.Masking;

internal static class Letters
{
    public static readonly SearchValues<byte> AndDigits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    /// <summary>Characters that may stand for others, or for nothing, in a form of <see cref="Form"/> before hex. All others are themselves in each.</summary>
    public static readonly SearchValues<byte> ThatNeedReading = SearchValues.Create("\\%&'+\r\n"u8);

    public static bool IsEndOfLine(byte b) => b is (byte)'\n' or (byte)'\r';

    /// <summary>The value of a hexadecimal digit; -1: it is none.</summary>
    public static int Hex(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };
}
