using MedCor.DemoData;
using MedCor.Load;
using MedCor.Load.Calls;
using MedCor.Load.Search;
using MedCor.Tests.Fixtures;

const int WarmListeners = 50;
// Enough for the JIT compiler to finish most of its work, which otherwise would be a third of the gateways' CPU time.
const int WarmEvents = 400;

var calls = args is ["calls", .. var rest] ? CallOptions.Parse(rest) : null;
var searches = args is ["search", .. var further] ? SearchOptions.Parse(further) : null;
var options = args is ["calls" or "search", ..] ? null : LoadOptions.Parse(args);
if (calls is null && searches is null && options is null)
{
    Console.WriteLine(LoadOptions.Usage + CallOptions.Usage + SearchOptions.Usage);
    return 2;
}
try
{
    if (searches is not null)
    {
        await SearchMeasurement.Measure(searches);
        return 0;
    }
    if (options is null)
    {
        await CallBenchmark.Measure(calls!);
        return 0;
    }
    return await (options.Chat ? MeasureChat(options) : MeasureEvents(options)) ? 0 : 1;
}
catch (Exception e) // any exception: an unhandled one would end this process without stopping MedCor
{
    Console.Error.WriteLine(e is MeasurementException ? e.Message : e);
    return 1;
}

static async Task<bool> MeasureEvents(LoadOptions options)
{
    Console.WriteLine(options.Running is null ? "MedCor starts" : $"MedCor runs in {options.Running}");
    var house = options.Running is { } data ? MeasuredSystem.Attach(data) : await MeasuredSystem.Start();
    var hospital = DemoTenants.Hospitals[0];
    using var admin = await LoadUser.LogIn(house.Gateways[0], hospital.Admin);
    // Not the administrator: a caller of a tool that subscribes also receives the tool's response as an event.
    List<LoadUser> accounts = [];
    foreach (var person in (DemoPerson[])[hospital.Nurse, .. hospital.Doctors.Select(d => d.Person), .. hospital.Patients.Take(2)])
        accounts.Add(await LoadUser.LogIn(house.Gateways[0], person));

    Console.WriteLine("Warming up");
    await using (var first = await SubscriberGroup.Connect(house.Gateways, accounts, WarmListeners))
        await first.Measure(WarmEvents, number => admin.CreateEvents(number, WarmEvents));

    var report = new Report();
    var mistakes = 0;
    await using (var crowd = await IdleMeasurement.Measure(house, accounts, options.Listeners, report))
    {
        await FanOutMeasurement.Measure(house, crowd, admin, options.Events, report);
        mistakes += crowd.Mistakes;
    }
    bool isCut;
    await using (var crowd = await SubscriberGroup.Connect(house.Gateways, accounts, options.BurstListeners))
    {
        isCut = await BurstMeasurement.Measure(house, crowd, admin, accounts[0], options, report);
        mistakes += crowd.Mistakes;
    }

    report.Begin("Heard exactly once");
    report.Add("each event by each listener", mistakes == 0 ? "yes" : $"NO: {mistakes:N0} mistakes");
    report.Print();
    accounts.ForEach(account => account.Dispose());
    return mistakes == 0 && isCut;
}

static async Task<bool> MeasureChat(LoadOptions options)
{
    var answer = new PacedAnswer(options.Tokens, options.TokensPerSecond);
    await using var model = await StubModelServer.Start(answer.Send);
    Console.WriteLine("MedCor starts");
    var house = await MeasuredSystem.Start(("OPENAI_BASE_URL", model.Address), ("OPENAI_API_KEY", StubModelServer.Key));
    using var account = await LoadUser.LogIn(house.Gateways[0], DemoTenants.Hospitals[0].Nurse);
    using var answers = new ChatLatency(house, model.Address, answer, account, options);

    var report = new Report();
    await answers.Measure(report);

    report.Begin("Read whole");
    report.Add("each answer by each reader", answers.Mistakes == 0 ? "yes" : $"NO: {answers.Mistakes:N0} readers had another");
    report.Print();
    return answers.Mistakes == 0;
}
