using System.Net;
using System.Web;

namespace MedCor.Tests.Services.Identity.Recovery;

/// <summary>Opens MedCor's pages and submits their forms, as a browser without scripts does.</summary>
internal sealed class Pages : IDisposable
{
    private readonly HttpClient _http;

    private Pages(Uri server) => _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new() }) { BaseAddress = server };

    internal static async Task<Pages> Open() => new((await MedCorFixture.Get()).Gateways[0]);

    internal async Task<OpenedPage> Get(string path) => await OpenedPage.Read(await _http.GetAsync(new Uri(path, UriKind.Relative)));

    /// <summary>Opens a page and submits its form, or the one that has the first of these fields.</summary>
    internal async Task<OpenedPage> Submit(string path, params (string Name, string Value)[] fields)
    {
        var page = await _http.GetStringAsync(new Uri(path, UriKind.Relative));
        using var content = (fields.Length > 0 ? HtmlForm.Find(page, fields[0]) : HtmlForm.FindAll(page)[0]).Fill(fields);
        return await OpenedPage.Read(await _http.PostAsync(new Uri(path, UriKind.Relative), content));
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>Represents a page as it was answered.</summary>
internal sealed record OpenedPage(HttpStatusCode Status, string Html, string? Location)
{
    internal static async Task<OpenedPage> Read(HttpResponseMessage response)
    {
        using (response)
            return new(response.StatusCode, HttpUtility.HtmlDecode(await response.Content.ReadAsStringAsync()), response.Headers.Location?.ToString());
    }
}
