using MedCor.Load;
using MedCor.ServiceDefaults.Demo;

const int WarmListeners = 50;
// So many that the compiler has done most of its work, which would else be a third of what the gateways do.
const int WarmEvents = 400;

if (Options.Parse(args) is not { } options)
{
    Console.WriteLine(Options.Usage);
    return 2;
}
try
{
    return await (options.Chat ? MeasureChat(options) : MeasureEvents(options)) ? 0 : 1;
}
catch (Exception e) // whatever it is: with an exception that leaves here this process would end without stopping MedCor
{
    Console.Error.WriteLine(e is MeasurementException ? e.Message : e);
    return 1;
}

static async Task<bool> MeasureEvents(Options options)
{
    Console.WriteLine(options.Running is null ? "MedCor starts" : $"MedCor runs in {options.Running}");
    var house = options.Running is { } data ? House.At(data) : await House.Start();
    var hospital = DemoHouse.Hospitals[0];
    using var admin = await Account.LogIn(house.Gateways[0], hospital.Admin);
    // Not the administrator: who calls a tool and listens is told its answer as well.
    List<Account> accounts = [];
    foreach (var person in (Person[])[hospital.Nurse, .. hospital.Doctors.Select(d => d.Person), .. hospital.Patients.Take(2)]) accounts.Add(await Account.LogIn(house.Gateways[0], person));

    Console.WriteLine("Warming up");
    await using (var first = await Crowd.Gather(house.Gateways, accounts, WarmListeners)) await first.Hear(WarmEvents, number => admin.MakeMany(number, WarmEvents));

    var report = new Report();
    var mistakes = 0;
    await using (var crowd = await Idle.Measure(house, accounts, options.Listeners, report))
    {
        await FanOut.Measure(house, crowd, admin, options.Events, report);
        mistakes += crowd.Mistakes;
    }
    bool isCut;
    await using (var crowd = await Crowd.Gather(house.Gateways, accounts, options.BurstListeners))
    {
        isCut = await Bursts.Measure(house, crowd, admin, accounts[0], options, report);
        mistakes += crowd.Mistakes;
    }

    report.Begin("Heard exactly once");
    report.Add("each event by each listener", mistakes == 0 ? "yes" : $"NO: {mistakes:N0} mistakes");
    report.Print();
    accounts.ForEach(account => account.Dispose());
    return mistakes == 0 && isCut;
}

static async Task<bool> MeasureChat(Options options)
{
    await using var model = await ModelServer.Start(options.Tokens, options.TokensPerSecond);
    Console.WriteLine("MedCor starts");
    var house = await House.Start(("OPENAI_BASE_URL", model.Address), ("OPENAI_API_KEY", "load"));
    using var account = await Account.LogIn(house.Gateways[0], DemoHouse.Hospitals[0].Nurse);
    using var answers = new Answers(house, model, account, options);

    var report = new Report();
    await answers.Measure(report);

    report.Begin("Read whole");
    report.Add("each answer by each reader", answers.Mistakes == 0 ? "yes" : $"NO: {answers.Mistakes:N0} readers had another");
    report.Print();
    return answers.Mistakes == 0;
}
