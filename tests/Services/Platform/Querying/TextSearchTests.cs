using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MedCor.Billing;
using MedCor.Contracts;
using MedCor.Hospital;
using MedCor.Identity;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;
using Npgsql;
using Context = MedCor.Platform.Tenancy.TenantContext;

namespace MedCor.Tests.Services.Platform.Querying;

/// <summary>
/// Tests text search and text filters of every list of every service that has them: text is found however people write it. Each text is written directly into
/// the table, into a copy of a demo row, and read as the service reads it. The transaction is rolled back, so no other test sees the rows.
/// </summary>
public sealed class TextSearchTests
{
    private const string Muller = "Müller", DecomposedMuller = "Mu\u0308ller";

    /// <summary>A stored text, a part of it that is searched for, and a similar text that must not match.</summary>
    private static readonly (string Stored, string Asked, string NotThere)[] Parts =
    [
        ("anna_maria", "anna_maria", "annaxmaria"), ("anna_maria", "a_m", "a%m"), ("100%er", "0%e", "0_e"), (@"sl\ash", @"l\a", @"l\\a"),
        (@"sl\ash", @"sl\ash", "sl%ash"), ("O'Brien", "o'b", "o''b"),
        (Muller, DecomposedMuller, "Mülllr"), (DecomposedMuller, Muller, "M_ller"), ("Schäfer", "schafer", "sch%fer"), ("Nguyễn", "NGUYEN", "ng%n"),
        ("Straße", "STRASSE", "str%sse"), ("Weiss", "weiß", "we_ss"),
        ("İstanbul", "istanbul", "_stanbul"), ("Ørsted", "orsted", "0rsted"), ("Łukasz", "LUK", "l_k"), ("Γιώργος", "ΓΙΩΡΓΟΣ", "γ%ς"), ("李小龙", "李小龙", "小李龙"),
        ("Anne-Marie", "e-m", "e_m"), ("(a|b) & !c:*", "!c:*", "!c:_"),
    ];

    /// <summary>A stored text and the searches that find it.</summary>
    private static readonly (string Stored, string[] FoundBy)[] Searches =
    [
        ("Wu", ["Wu", "w", "WU"]), ("Ng", ["ng", " Ng "]), ("李", ["李"]), ("李小龙", ["李", "李小", "李小龙"]),
        ("Nguyễn", ["nguyen", "Nguyễn", "nguye\u0302\u0303n", "ng"]),
        ("Schäfer Jürgen", ["schafer", " Schäfer ", "Schäfer, Jürgen", "Jürgen Schäfer", "schäfer,jürgen", "J. Schäfer", "chäf", "rgen"]),
        ("O'Brien", ["o'brien", "O’Brien", "obrien", "br", "O'"]), ("Anne-Marie", ["anne-marie", "anne marie", "marie anne", "ma", "annemarie", "nne-m"]),
        ("anna_maria_x@h.example", ["anna_maria", "anna_maria_x@h.example", "ma", "h.ex", "_x@", "ANNA_MARIA_X"]),
        ("100%er", ["100%er", "0%e", "%er", "10"]), (@"sl\ash", [@"sl\ash", @"l\a", "as"]), (Muller, [DecomposedMuller, "muller", "MÜLLER"]),
        (DecomposedMuller, [Muller, "mü"]),
        ("Straße", ["strasse", "STRASSE", "straße"]), ("İlker", ["ilker", "İLKER", "il"]), ("Ørsted", ["orsted", "ør", "Ø"]), ("Ｗｕ", ["wu"]),
        ("'", ["'"]), (":*", [":*"]), ("a & b | !c (d)", ["a & b", "| !c", "(d)", "&", "!"]),
    ];

    /// <summary>Texts that match nothing that does not contain them, and that must not act as search syntax.</summary>
    private static readonly string[] NotThere =
        ["'", "''", ":*", "&", "|", "!", "(", ")", "%", "_", @"\", @"\\", "%%%", "___", "a%z", "zz:*", "' OR 1=1 --", "zz | a", "!zz", "\"", "{", "[a-z]", "^a",
            ".*", "<->", "zzqx", "%_%", ",,", "\u0301\u0301%", "😀"];

    private static readonly (Type Db, string Name)[] All = [(typeof(IdentityDb), "identity"), (typeof(HospitalDb), "hospital"), (typeof(BillingDb), "billing")];

    public static TheoryData<string> Services => [.. All.Select(s => s.Name)];

    [Theory, MemberData(nameof(Services))]
    public Task A_filter_takes_text_as_it_is_meant(string service) => CheckService(All.Single(s => s.Name == service).Db, service, nameof(CheckFilters));

    [Theory, MemberData(nameof(Services))]
    public Task A_search_finds_words_however_they_are_written(string service) =>
        CheckService(All.Single(s => s.Name == service).Db, service, nameof(CheckSearch));

    /// <summary>
    /// Compares with PostgreSQL's letters and digits after case folding. Text that PostgreSQL spells with other letters, such as a ligature or a dash, may be
    /// judged too short.
    /// </summary>
    [Fact]
    public async Task A_part_of_a_text_is_looked_for_where_three_characters_in_a_row_are_in_the_index()
    {
        string[] texts =
        [
            "", "a", "ab", "abc", "a b", "ab cd", "abc d", "a%b", "%_%", "a\tb", "\u0301\u0301\u0301", "a\u0301b\u0301", "a\u0301b\u0301c", "a\u00ADb\u200Dc",
            "李小", "李小龙", "한국", "한국어", "😀", "😀😀", "😀😀😀", "a😀b", "𠮷", "𠮷野", "𠮷野家", "𐐷𐐷", "𐐷𐐷𐐷", "נַפְ", "שלום", "مَح", "محمد", "1२3", "€€€",
        ];
        await using var connection = await (await MedCorFixture.Get()).OpenDatabase("identity");

        foreach (var text in texts)
        {
            await using var inIndex = new NpgsqlCommand("SELECT search_letters(folded_text($1)) ~ '[[:alnum:]]{3}'", connection)
            {
                Parameters = { new() { Value = text } },
            };
            Assert.True((bool)(await inIndex.ExecuteScalarAsync())! == TextSearch.HasTrigram(text),
                $"{text}: {string.Join(' ', text.EnumerateRunes().Select(r => $"U+{r.Value:X4}"))}");
        }
    }

    [Fact]
    public void Every_service_with_text_to_filter_by_is_walked()
    {
        var withText = from kind in AppDomain.CurrentDomain.GetAssemblies().Where(a => a.GetName().Name!.StartsWith("MedCor.", StringComparison.Ordinal))
            .SelectMany(a => a.GetTypes())
                       where !kind.IsAbstract && ResourceTypes.ArgumentsOf(kind) is not null
                           && ((bool)Invoke(nameof(HasText), ResourceTypes.ArgumentsOf(kind)!, kind))
                       select kind.Assembly;

        Assert.Equal(All.Select(s => s.Db.Assembly).OrderBy(a => a.FullName), withText.Distinct().OrderBy(a => a.FullName));
    }

    private static async Task CheckService(Type dbType, string service, string how)
    {
        var house = await MedCorFixture.Get();
        var walked = 0;
        foreach (var type in dbType.Assembly.GetTypes()
            .Where(t => !t.IsAbstract && ResourceTypes.ArgumentsOf(t) is { } p && (bool)Invoke(nameof(HasText), p, t)))
        {
            await using var connection = await house.OpenDatabase(service);
            await using var transaction = await connection.BeginTransactionAsync();
            walked += await (Task<int>)Invoke(how, ResourceTypes.ArgumentsOf(type)!, dbType, type, service, connection, transaction);
        }
        Assert.True(walked > 0 || service == "billing", $"Nothing of {service} could be looked at.");
    }

    private static async Task<int> CheckFilters<T, TRow, TContract>(Type dbType, Type type, string service, NpgsqlConnection connection,
        NpgsqlTransaction transaction) where T : class where TRow : class
    {
        // Only lists with a REST path take filters.
        if (ResourceCatalogue.All.Values.All(r => r.Entity != typeof(TContract))) return 0;
        await using var list = new ResourceList<T, TRow, TContract>(dbType, type, service, connection, transaction);
        var walked = 0;
        var fields = TextFields<T, TRow, TContract>(type).ToArray();
        foreach (var field in fields)
            // The fields of a small list behave alike, so only the first one and those with a search index are tested with all texts.
            foreach (var (stored, asked, notThere) in field == fields[0] || field.IsSearchable ? Parts : Parts[..6])
            {
                if (await list.Store(field.Name, stored) is not { } id) continue;
                walked++;
                var (equal, found) = (await list.Filtered(id, field.Name, JsonSerializer.Serialize(stored)),
                    await list.Filtered(id, field.Name, $$"""{"contains": {{JsonSerializer.Serialize(asked)}}}"""));
                Assert.True(equal && found, $"{type.Name}.{field.Name} = {stored}: equal {equal}, contains {asked} {found}");
                Assert.False(await list.Filtered(id, field.Name, $$"""{"contains": {{JsonSerializer.Serialize(notThere)}}}"""),
                    $"{type.Name}.{field.Name} = {stored} contains {notThere}");
            }
        foreach (var field in fields)
            foreach (var (stored, asked) in ((string, string)[])[(Muller, DecomposedMuller), (DecomposedMuller, Muller)])
                if (await list.Store(field.Name, stored) is { } id)
                {
                    Assert.True(await list.Filtered(id, field.Name, JsonSerializer.Serialize(asked)), $"{type.Name}.{field.Name} = {stored} is not {asked}");
                    Assert.True(await list.Filtered(id, field.Name, $$"""{"in": ["Other", {{JsonSerializer.Serialize(asked)}}]}"""),
                        $"{type.Name}.{field.Name} = {stored} is not in Other, {asked}");
                    Assert.False(await list.Filtered(id, field.Name, "\"Muller\""), $"{type.Name}.{field.Name} = {stored} is Muller");
                }
        return walked;
    }

    private static async Task<int> CheckSearch<T, TRow, TContract>(Type dbType, Type type, string service, NpgsqlConnection connection,
        NpgsqlTransaction transaction) where T : class where TRow : class
    {
        await using var list = new ResourceList<T, TRow, TContract>(dbType, type, service, connection, transaction);
        if (list.Fields.SearchText is null) return 0;
        var walked = 0;
        foreach (var field in TextFields<T, TRow, TContract>(type).Where(f => f.Name is "first_name" or "last_name" or "name" or "description"))
            foreach (var (stored, foundBy) in Searches)
            {
                if (await list.Store(field.Name, stored) is not { } id) continue;
                walked++;
                foreach (var search in foundBy) Assert.True(await list.Searched(id, search), $"{type.Name}.{field.Name} = {stored} is not found by {search}");
            }
        foreach (var field in TextFields<T, TRow, TContract>(type).Where(f => f.Name is "last_name" or "name"))
            if (await list.Store(field.Name, "Aaaa") is { } id)
                foreach (var search in NotThere) Assert.False(await list.Searched(id, search), $"{type.Name}.{field.Name} = Aaaa is found by {search}");
        return walked;
    }

    private static bool HasText<T, TRow, TContract>(Type type) where T : class where TRow : class => TextFields<T, TRow, TContract>(type).Any();

    private static IEnumerable<QueryableField<T>> TextFields<T, TRow, TContract>(Type type) where T : class where TRow : class
    {
        var fields = ((QueryableResource<T, TRow, TContract>)RuntimeHelpers.GetUninitializedObject(type)).Fields;
        return fields.Where(f => f.Type == typeof(string) && (fields.Indexes.Count == 0 || f.IsSearchable));
    }

    private static object Invoke(string method, Type[] of, params object[] arguments) =>
        typeof(TextSearchTests).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(of).Invoke(null, arguments)!;

    /// <summary>Reads a list as the service does for the platform, within a transaction that also writes the rows to be found.</summary>
    private sealed class ResourceList<T, TRow, TContract> : IAsyncDisposable where T : class where TRow : class
    {
        private readonly string _service;
        private readonly NpgsqlConnection _connection;
        private readonly NpgsqlTransaction _transaction;
        private readonly OutboxSignal _signal = new();
        private readonly TenantDb _db;
        private readonly QueryableResource<T, TRow, TContract> _resource;
        private Guid? _row;

        public ResourceList(Type dbType, Type type, string service, NpgsqlConnection connection, NpgsqlTransaction transaction)
        {
            (_service, _connection, _transaction) = (service, connection, transaction);
            var tenancy = new Context();
            tenancy.Enter(new Caller(Guid.NewGuid(), "", Role.Admin, null, Guid.Empty, default, default));
            var options = (DbContextOptionsBuilder)Activator.CreateInstance(typeof(DbContextOptionsBuilder<>).MakeGenericType(dbType))!;
            options.UseNpgsql(connection).AddInterceptors(_signal);
            _db = (TenantDb)Activator.CreateInstance(dbType, options.Options, TimeProvider.System, _signal)!;
            _db.Begin(tenancy);
            _resource = (QueryableResource<T, TRow, TContract>)ResourceFactory.Create(type, _db);
            _db.Database.UseTransaction(transaction);
        }

        public QueryableFields<T> Fields => _resource.Fields;

        /// <summary>
        /// Writes a text into the list's row, in place of the one before. Returns the row's ID, or null when the table does not accept the text.
        /// </summary>
        public async Task<Guid?> Store(string field, string text)
        {
            if (_row is null)
            {
                var some = (Page<TContract>)await ((IResourceHandler<TContract>)_resource).ListAsync(Query("{}"), default);
                if (some.Results.Count == 0) return null;
                _row = await CopyOf(IdOf(some.Results[0]));
                await _transaction.SaveAsync("untouched");
            }
            await _transaction.RollbackAsync("untouched");
            try
            {
                await Execute($"UPDATE {Table} SET {field} = $2{(field == "email" ? ", email_key = $3" : "")} WHERE id = $1",
                    field == "email" ? [_row, text, text.ToLowerInvariant()] : [_row, text]);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.CheckViolation or PostgresErrorCodes.RaiseException)
            {
                await _transaction.RollbackAsync("untouched");
                return null;
            }
            await Execute($"SET LOCAL ROLE {Migrator.ServiceRole(_service)}");
            await Execute("SELECT set_config('medcor.hospital', '*', true)");
            return _row;
        }

        private string Table => _db.Model.FindEntityType(typeof(T))!.GetTableName()!;

        /// <summary>Copies a row, with a new ID and with new values in columns that must be unique. Returns the new ID.</summary>
        private async Task<Guid> CopyOf(Guid other)
        {
            await using var copy = new NpgsqlCommand("""
                SELECT format('INSERT INTO %1$I (%2$s) SELECT %3$s FROM %1$I WHERE id = $1', $1,
                    string_agg(quote_ident(column_name), ', '),
                    string_agg(CASE WHEN column_name = 'id' OR (column_name = 'hospital_id' AND $1 = 'hospitals') THEN '$2'
                        WHEN column_name IN ('email_key', 'code', 'subdomain', 'registration_number')
                            OR (column_name = 'name' AND $1 = 'specialties') THEN '$2::text'
                        WHEN $1 = 'users' AND column_name = 'mrn' THEN 'CASE WHEN mrn IS NULL THEN NULL ELSE $2::text END'
                        WHEN $1 = 'users' AND column_name = 'demographics' THEN 'demographics || ''{"identifiers": []}'''
                        WHEN $1 = 'invoices' AND column_name = 'number' THEN '-1'
                        WHEN $1 = 'invoices' AND column_name = 'period_start' THEN 'NULL'
                        WHEN $1 = 'subscriptions' AND column_name = 'status' THEN '''EXPIRED'''
                        ELSE quote_ident(column_name) END, ', '))
                FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'
                """, _connection, _transaction) { Parameters = { new() { Value = Table } } };
            var id = Guid.CreateVersion7();
            await Execute((string)(await copy.ExecuteScalarAsync())!, other, id);
            return id;
        }

        public async Task<bool> Filtered(Guid id, string field, string condition) =>
            ((Page<TContract>)await ((IResourceHandler<TContract>)_resource).ListAsync(Query($$"""{"id": "{{id}}", "{{field}}": {{condition}}}"""),
                default)).Results.Any(r => IdOf(r) == id);

        public async Task<bool> Searched(Guid id, string search) =>
            (await _resource.ReadPageAsync(new QueryCostTests.Asked<TContract>(), list => list.Search("search", search).Where("id", id), default)).Results.Any(
                r => IdOf(r) == id);

        private static ResourceQuery Query(string filter) =>
            new(ResourceCatalogue.All.Values.Single(r => r.Entity == typeof(TContract)),
                new QueryCollection(new Dictionary<string, StringValues> { ["filter"] = filter }), isOfOne: false);

        private static Guid IdOf(TContract row) => (Guid)typeof(TContract).GetProperty("Id")!.GetValue(row)!;

        private async Task Execute(string sql, params object[] values)
        {
            await using var command = new NpgsqlCommand(sql, _connection, _transaction);
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _db.DisposeAsync();
            _signal.Dispose();
        }
    }
}
