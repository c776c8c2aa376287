using System.Globalization;
using System.Text;
using System.Xml.Linq;
using MedCor.Platform.Audit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Tests.Fixtures;

/// <summary>
/// Runs a server that speaks the part of S3's protocol that the archive of audit heads uses, for Amazon's own client: conditional writes, versions and the
/// headers of Object Lock. It checks neither signatures nor locks.
/// </summary>
internal sealed class StubObjectStore : IAsyncDisposable
{
    private const string AccessKey = "stub-access-key";

    private readonly WebApplication _web;
    private readonly Lock _lock = new();

    /// <summary>The versions of every object, the newest first.</summary>
    private readonly SortedDictionary<string, List<Version>> _objects = new(StringComparer.Ordinal);

    private StubObjectStore()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _web = builder.Build();
        _web.Run(HandleRequest);
    }

    /// <summary>Gets the options with which the archive uses this store.</summary>
    public AuditArchiveOptions Options => new()
    {
        Url = new(_web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        Bucket = "audit",
        AccessKey = AccessKey,
        SecretKey = "stub-secret-key",
    };

    public static async Task<StubObjectStore> Start()
    {
        var store = new StubObjectStore();
        await store._web.StartAsync();
        return store;
    }

    /// <summary>Returns the keys of all objects, in order.</summary>
    public string[] Keys
    {
        get
        {
            lock (_lock) return [.. _objects.Keys];
        }
    }

    /// <summary>Returns the version of an object that was stored first.</summary>
    public Version First(string key)
    {
        lock (_lock) return _objects[key][^1];
    }

    /// <summary>Adds a newer version of an object, as whoever has the login can; null hides the object, as a deletion does.</summary>
    public void Overwrite(string key, string? text)
    {
        lock (_lock) _objects[key].Insert(0, new(NewId(), text, null, null));
    }

    /// <summary>Adds an object, as whoever has the login can.</summary>
    public void Add(string key, string text)
    {
        lock (_lock) _objects.Add(key, [new(NewId(), text, null, null)]);
    }

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();

    private async Task HandleRequest(HttpContext http)
    {
        var path = http.Request.Path.Value!.TrimStart('/').Split('/', 2);
        if (!http.Request.Headers.Authorization.ToString().Contains($"Credential={AccessKey}/", StringComparison.Ordinal)) http.Response.StatusCode = 403;
        else if (HttpMethods.IsPut(http.Request.Method)) await Put(http, path[1]);
        else if (path is [_] or [_, ""]) await ListVersions(http);
        else await Get(http, path[1]);
    }

    private async Task Put(HttpContext http, string key)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var (headers, text) = (http.Request.Headers, await reader.ReadToEndAsync());
        var stored = new Version(NewId(), text, headers["x-amz-object-lock-mode"], headers["x-amz-object-lock-retain-until-date"]);
        bool isRefused;
        lock (_lock)
        {
            isRefused = headers.IfNoneMatch == "*" && _objects.ContainsKey(key);
            if (!isRefused && !_objects.TryAdd(key, [stored])) _objects[key].Insert(0, stored);
        }
        if (isRefused)
        {
            http.Response.StatusCode = StatusCodes.Status412PreconditionFailed;
            await Send(http, new XElement("Error", new XElement("Code", "PreconditionFailed"), new XElement("Message", "The object exists.")));
            return;
        }
        http.Response.Headers.ETag = $"\"{stored.Id}\"";
        http.Response.Headers["x-amz-version-id"] = stored.Id;
    }

    private async Task ListVersions(HttpContext http)
    {
        var (prefix, limit) = (http.Request.Query["prefix"].ToString(), int.Parse(http.Request.Query["max-keys"].ToString(), CultureInfo.InvariantCulture));
        (string Key, Version Version)[] all;
        lock (_lock)
            all = [.. _objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).SelectMany(o => o.Value.Select(v => (o.Key, v)))];
        XNamespace s3 = "http://s3.amazonaws.com/doc/2006-03-01/";
        await Send(http, new XElement(s3 + "ListVersionsResult",
            new XElement(s3 + "Name", "audit"),
            new XElement(s3 + "Prefix", prefix),
            new XElement(s3 + "MaxKeys", limit),
            new XElement(s3 + "IsTruncated", all.Length > limit),
            all.Take(limit).Select(o => new XElement(s3 + (o.Version.Text is null ? "DeleteMarker" : "Version"),
                new XElement(s3 + "Key", o.Key),
                new XElement(s3 + "VersionId", o.Version.Id),
                new XElement(s3 + "IsLatest", o.Version == First(o.Key)),
                new XElement(s3 + "LastModified", "2026-01-01T00:00:00.000Z")))));
    }

    private async Task Get(HttpContext http, string key)
    {
        var id = http.Request.Query["versionId"].ToString();
        string? text;
        lock (_lock) text = _objects.GetValueOrDefault(key)?.Find(v => v.Id == id)?.Text;
        if (text is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await Send(http, new XElement("Error", new XElement("Code", "NoSuchVersion"), new XElement("Message", "There is none.")));
            return;
        }
        var body = Encoding.UTF8.GetBytes(text);
        http.Response.ContentLength = body.Length;
        http.Response.Headers.ETag = $"\"{id}\"";
        await http.Response.Body.WriteAsync(body);
    }

    /// <summary>Returns the ID of a version, which is its entity tag as well: with hyphens, or the client would take it for the MD5 of the content.</summary>
    private static string NewId() => Guid.NewGuid().ToString("D");

    private static async Task Send(HttpContext http, XElement answer)
    {
        http.Response.ContentType = "application/xml";
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer.ToString()));
    }

    /// <summary>Represents a version of an object.</summary>
    /// <param name="Text">The content, of ASCII characters; null for a deletion.</param>
    internal sealed record Version(string Id, string? Text, string? LockMode, string? RetainUntil);
}
