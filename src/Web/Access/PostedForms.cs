using Microsoft.AspNetCore.Http;

namespace PRTS.Web.Access;

/// <summary>Forms that browsers post to us, and whatever else calls itself one.</summary>
internal static class PostedForms
{
    /// <summary>Null: the body is no form, or none that can be read. What is too large is refused by the server itself.</summary>
    public static async Task<IFormCollection?> PostedForm(this HttpContext http)
    {
        if (!http.Request.HasFormContentType) return null;
        try
        {
            return await http.Request.ReadFormAsync(http.RequestAborted);
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or NotSupportedException or (IOException and not BadHttpRequestException))
        {
            return null;
        }
    }
}
