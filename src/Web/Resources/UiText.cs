namespace PRTS.Web.Resources;

/// <summary>Names the resource files with all texts of the pages: <c>UiText.resx</c> (English) and <c>UiText.zh-Hans.resx</c>.</summary>
public sealed class UiText;
