using ModelContextProtocol.Protocol;

namespace MedCor.Mcp.Conformance;

/// <summary>Contains the content that tools, resources and prompts return.</summary>
internal static class FixtureContent
{
    public const string TextType = "text/plain";
    public const string ImageType = "image/png";

    /// <summary>The time for which clients may keep what is listed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>An image of one pixel.</summary>
    public static readonly byte[] Image = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=");

    /// <summary>A sound of no samples.</summary>
    public static readonly byte[] Sound = Convert.FromBase64String("UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=");

    public static TextContentBlock CreateText(string text) => new() { Text = text };

    public static ImageContentBlock CreateImage() => ImageContentBlock.FromBytes(Image, ImageType);

    public static EmbeddedResourceBlock CreateResource(string uri, string type, string text) =>
        new() { Resource = new TextResourceContents { Uri = uri, MimeType = type, Text = text } };
}
