using System.Globalization;
using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Audit;

/// <summary>
/// Stores the heads of the audit trail's chains in an object store that supports S3 Object Lock: until its retention ends, nobody can change or delete what was
/// stored, the owner of the store included. An object has the heads of all chains, and there is one for each hour. Does nothing where no store is configured.
/// </summary>
internal sealed class AuditHeadArchive : IDisposable
{
    /// <summary>The number of hours whose objects are all read. Of each month before, the first object is read.</summary>
    private const int RecentHours = 48;

    private const string HourFormat = "yyyy-MM-dd'T'HH";

    /// <summary>The number of versions that one request lists, and of requests after which a list is read no further.</summary>
    private const int PageSize = 100, MaxPages = 20;

    private readonly AuditArchiveOptions _options;
    private readonly TimeProvider _clock;
    private readonly string _folder;
    private readonly AmazonS3Client? _store;

    /// <param name="service">The name of the service, which has a folder of its own.</param>
    public AuditHeadArchive(IOptions<AuditArchiveOptions> options, string service, TimeProvider clock)
    {
        (_options, _folder, _clock) = (options.Value, $"audit-heads/{service}/", clock);
        if (_options.Url is null) return;
        _store = new AmazonS3Client(new BasicAWSCredentials(_options.AccessKey, _options.SecretKey), new AmazonS3Config
        {
            ServiceURL = _options.Url.ToString(),
            AuthenticationRegion = _options.Region,
            ForcePathStyle = true,
            Timeout = TimeSpan.FromSeconds(10),
            MaxErrorRetry = 2,
        });
    }

    /// <summary>Gets whether a store is configured.</summary>
    public bool IsConfigured => _store is not null;

    /// <summary>Stores the heads of all chains for the current hour, unless another replica has done so.</summary>
    public async Task StoreAsync(IEnumerable<string> heads, CancellationToken ct)
    {
        if (_store is null) return;
        var now = _clock.GetUtcNow();
        try
        {
            await _store.PutObjectAsync(new PutObjectRequest
            {
                BucketName = _options.Bucket,
                Key = _folder + Format(now, HourFormat),
                ContentBody = string.Join('\n', heads),
                // Not every store that speaks S3's protocol understands the client's chunks.
                UseChunkEncoding = false,
                // Of several replicas the first one stores the hour, and the store refuses the others.
                IfNoneMatch = "*",
                ObjectLockMode = ObjectLockMode.Compliance,
                ObjectLockRetainUntilDate = now.AddDays(_options.RetentionDays).UtcDateTime,
            }, ct);
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            // Another replica was first, or is storing it at the same time.
        }
    }

    /// <summary>
    /// Returns the heads that were stored in the last two days, and at the beginning of each month before, for as long as they are retained. Reads every
    /// version of an object, deleted ones included: a lock prevents that a version is removed, not that another one hides it. Objects with other keys than
    /// those of hours are named and not read.
    /// </summary>
    public async Task<ArchivedHeads> ReadAsync(CancellationToken ct)
    {
        var (heads, foreignKeys) = (new HashSet<string>(), new HashSet<string>());
        if (_store is null) return new(heads, foreignKeys);
        var now = _clock.GetUtcNow();
        for (var hour = now.AddHours(-RecentHours); hour <= now; hour = hour.AddHours(1))
            await ReadFirstAsync(Format(hour, HourFormat), heads, foreignKeys, ct);
        for (var month = now; month > now.AddDays(-_options.RetentionDays); month = month.AddMonths(-1))
            await ReadFirstAsync(Format(month, "yyyy-MM-"), heads, foreignKeys, ct);
        return new(heads, foreignKeys);
    }

    /// <inheritdoc/>
    public void Dispose() => _store?.Dispose();

    /// <summary>Adds the heads of all versions of the first hour whose time begins as given, and the keys that are those of no hour.</summary>
    private async Task ReadFirstAsync(string time, HashSet<string> heads, HashSet<string> foreignKeys, CancellationToken ct)
    {
        var request = new ListVersionsRequest { BucketName = _options.Bucket, Prefix = _folder + time, MaxKeys = PageSize };
        string? first = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var listed = await _store!.ListVersionsAsync(request, ct);
            foreach (var version in listed.Versions ?? [])
            {
                if (!IsHour(version.Key)) foreignKeys.Add(version.Key);
                else if (version.Key != (first ??= version.Key)) return;
                else if (version.IsDeleteMarker is not true) await ReadAsync(version, heads, ct);
            }
            if (listed.IsTruncated is not true) return;
            (request.KeyMarker, request.VersionIdMarker) = (listed.NextKeyMarker, listed.NextVersionIdMarker);
        }
        throw new InvalidOperationException($"There are more versions of {_folder}{time} than MedCor writes. Look at them before you trust the archive.");
    }

    private async Task ReadAsync(S3ObjectVersion version, HashSet<string> heads, CancellationToken ct)
    {
        var request = new GetObjectRequest { BucketName = _options.Bucket, Key = version.Key, VersionId = version.VersionId };
        using var stored = await _store!.GetObjectAsync(request, ct);
        using var reader = new StreamReader(stored.ResponseStream);
        while (await reader.ReadLineAsync(ct) is { } head) heads.Add(head);
    }

    private bool IsHour(string key) =>
        DateTime.TryParseExact(key[_folder.Length..], HourFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static string Format(DateTimeOffset time, string format) => time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture);
}

/// <summary>Represents what the archive has.</summary>
/// <param name="Heads">The heads that are compared.</param>
/// <param name="ForeignKeys">The keys of objects that are none of the archive's.</param>
internal sealed record ArchivedHeads(IReadOnlyCollection<string> Heads, IReadOnlyCollection<string> ForeignKeys);

/// <summary>Provides the options of <see cref="AuditHeadArchive"/>; configuration section <c>AuditArchive</c>.</summary>
internal sealed class AuditArchiveOptions
{
    /// <summary>Gets or sets the address of the object store; null when there is none.</summary>
    public Uri? Url { get; set; }

    /// <summary>Gets or sets the bucket, which was created with Object Lock.</summary>
    public string Bucket { get; set; } = "";

    /// <summary>Gets or sets the region that requests are signed for.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>Gets or sets the id of the login.</summary>
    public string AccessKey { get; set; } = "";

    /// <summary>Gets or sets the secret of the login.</summary>
    public string SecretKey { get; set; } = "";

    /// <summary>Gets or sets how many days the heads are locked.</summary>
    public int RetentionDays { get; set; } = 3650;
}

/// <summary>Rejects a store without a bucket or a login, and one without TLS outside Development.</summary>
internal sealed class AuditArchiveOptionsValidator(IHostEnvironment environment) : IValidateOptions<AuditArchiveOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditArchiveOptions options)
    {
        if (options.Url is null) return ValidateOptionsResult.Success;
        if (options.Url.Scheme != Uri.UriSchemeHttps && !environment.IsDevelopment())
            return ValidateOptionsResult.Fail("AuditArchive__Url must begin with https://.");
        if (options.RetentionDays is < 1 or > 36_500) return ValidateOptionsResult.Fail("AuditArchive__RetentionDays must be from 1 to 36500.");
        var missing = new[] { ("Bucket", options.Bucket), ("Region", options.Region), ("AccessKey", options.AccessKey), ("SecretKey", options.SecretKey) }
            .Where(option => option.Item2.Length == 0).Select(option => $"AuditArchive__{option.Item1}").ToArray();
        return missing is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail($"Set {string.Join(", ", missing)}, or no AuditArchive__Url.");
    }
}
