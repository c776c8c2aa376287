using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Recognizes a browser in which somebody has logged in with an e-mail address, by a cookie that names the browser and the hashes of its latest addresses. It
/// opens nothing: <see cref="LockOut"/> counts the failures of such a browser by themselves, so that nobody else keeps its user out.
/// </summary>
internal sealed class KnownDevice(IHttpContextAccessor accessor, IDataProtectionProvider protection, IHostEnvironment environment, TimeProvider clock)
{
    /// <summary>The maximum number of addresses of a browser, those used last.</summary>
    internal const int MaxAddresses = 10;

    /// <summary>The time for which a browser is known after a login.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromDays(180);

    private const string Name = "device";

    private readonly IDataProtector _protector = protection.CreateProtector("known device");
    private string? _remembered;

    /// <summary>Returns the ID of the request's browser; null when nobody has logged in with it and the address lately.</summary>
    internal Guid? Find(string emailKey) =>
        accessor.HttpContext is { } http && Read(http) is { } device && device.Addresses.Any(a => a.Hash == HashOf(emailKey)) ? device.Id : null;

    /// <summary>Remembers that somebody has logged in with the request's browser and an address.</summary>
    internal void Remember(string emailKey)
    {
        // A login that two parts of a request report is one.
        if (accessor.HttpContext is not { } http || _remembered == emailKey) return;
        _remembered = emailKey;
        var (device, hash) = (Read(http) ?? new(Guid.NewGuid(), []), HashOf(emailKey));
        var addresses = device.Addresses.Where(a => a.Hash != hash).Take(MaxAddresses - 1).Prepend(new(hash, clock.GetUtcNow() + Lifetime));
        var text = string.Join(' ', addresses.Select(a => $"{a.Hash}:{a.EndsAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}")
            .Prepend(device.Id.ToString("N")));
        var cookie = BrowserCookies.Create(Name, environment);
        cookie.MaxAge = Lifetime;
        http.Response.Cookies.Append(cookie.Name!, _protector.Protect(text), cookie.Build(http));
    }

    private Device? Read(HttpContext http)
    {
        if (!http.Request.Cookies.TryGetValue(BrowserCookies.Create(Name, environment).Name!, out var value)) return null;
        try
        {
            var parts = _protector.Unprotect(value).Split(' ');
            var now = clock.GetUtcNow();
            return new(Guid.ParseExact(parts[0], "N"),
            [
                .. from part in parts.Skip(1)
                   let pair = part.Split(':')
                   let endsAt = DateTimeOffset.FromUnixTimeSeconds(long.Parse(pair[1], CultureInfo.InvariantCulture))
                   where endsAt > now
                   select new DeviceAddress(pair[0], endsAt),
            ]);
        }
        catch (CryptographicException)
        {
            // Of another installation, or made up.
            return null;
        }
    }

    private static string HashOf(string emailKey) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(emailKey)).AsSpan(0, 16));

    private sealed record Device(Guid Id, IReadOnlyList<DeviceAddress> Addresses);

    /// <param name="Hash">The hash of the address.</param>
    /// <param name="EndsAt">The time until which the browser is known for it.</param>
    private sealed record DeviceAddress(string Hash, DateTimeOffset EndsAt);
}
