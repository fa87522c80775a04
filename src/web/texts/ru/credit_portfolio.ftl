# Тексты на русском; ключи те же, что в английских.
brand = Кредитный портфель
skip = К содержанию
sections = Разделы
data-as-of = Данные на
import-number = импорт № { $id }
language = Язык
theme = Тема
theme-light = Светлая
theme-dark = Тёмная
theme-system = Как в системе
change-password = Сменить пароль
sign-out = Выйти
sign-in = Вход
sign-in-refused = Неверное имя или пароль.
username = Имя или эл. почта
password = Пароль
account = Учётная запись
old-password = Текущий пароль
new-password = Новый пароль
old-password-wrong = Текущий пароль неверен.
new-password-length = Новый пароль должен содержать от 8 до 1024 символов.
password-changed = Пароль изменён. Другие сеансы завершены.
password-note = Не менее 8 символов. Все другие сеансы и токены доступа завершатся.
overview = Обзор
operations = Операции
filters = Фильтры
period = Период
from = С
to = По
all = Все
organization = Организация
lender = Кредитор
bank-account = Счёт
currency = Валюта
show = Показать
reset = Сбросить
preset-month = Месяц
preset-quarter = Квартал
preset-year = Год
preset-twelve-months = 12 мес.
preset-all = Всё
range-from = с { $from }
range-to = по { $to }
range-from-to = { $from } – { $to }
amounts-in = Все суммы в { $currency }
not-in-sums = не вошли в суммы: { $currencies }
computed-at = Рассчитано { $time }
database-away = База данных не отвечает: показатели на указанное ниже время.
figures = Показатели
debt = Остаток долга
received = Получено
principal-repaid = Погашено долга
interest-paid = Уплачено процентов
interest-share = Доля процентов
open-contracts = Действующие договоры
of-all-payments = от всех платежей
of-contracts = всего { $count }
of-all-time = за всё время
against-before = к пред. периоду
percentage-points = { $points } п. п.
debt-at-month-end = Остаток долга на конец месяца
debt-summary = На { $day }: { $amount }
payments-by-month = Долг и проценты по месяцам
payments-summary = Уплачено { $amount }: долг { $principal }, проценты { $interest }
principal = Основной долг
interest = Проценты
table = Таблица
total = Всего
still-running = ещё идёт
nothing-in-range = За этот период ничего нет. Выберите другой или сбросьте фильтр.
owed-to = Кому должны
all-lenders = Все кредиторы
hhi = Индекс концентрации (HHI)
hhi-low = низкая: ниже { $limit }
hhi-moderate = умеренная: ниже { $limit }
hhi-high = высокая: от { $limit }
needs-attention = Требует внимания
nothing-found = Проверки данных ничего не нашли.
data-quality = Качество данных
at-stake = под вопросом: { $amount }
last-imports = Последние импорты
run-number = № { $id }
run-completed = Успешно
run-running = Идёт
run-partial = Частично
run-failed = Ошибка
empty-title = Данных пока нет
empty-text = Портфель появится здесь после первой загрузки выгрузок 1С. Загрузить их можно так:
empty-folder = из папки на сервере
empty-ftp = с FTP-сервера из настроек (FTP_HOST), по расписанию или сразу
empty-demo = для знакомства: вымышленный холдинг
way-back = Путь назад
back = К показателю
in-the-chart = На графике
sum-of-rows = Сумма строк
rows = Строк
no-operations = Операций нет
date = Дата
operation = Операция
kind = Вид
contract = Договор
what-for = За что
amount = Сумма
pages = Страницы
not-confirmed = не подтверждено
kind-receipt = Поступление
kind-detail = Строка расшифровки
kind-expense = Списание
kind-adjustment = Корректировка
given = Выданные займы
returned = Возвращённые займы
other = Прочие платежи
expenses = Списания
commission = Комиссия
unconfirmed = Не подтверждено банком
payments = Платежи
net = Чистый денежный поток
drawn = Получено по договорам
adjustments = Корректировки
overpaid = Переплата
planned = Запланировано
request-id = Запрос
to-overview = К обзору
error-address = Адрес не распознан
error-address-detail = Проверьте { $name }.
error-forbidden = Нет прав
error-forbidden-detail = Ваша роль или отдел этого не видит. Права меняет администратор.
error-foreign-form-detail = Форма не из этого сеанса. Вернитесь, обновите страницу и отправьте ещё раз.
error-not-found = Не найдено
error-not-found-detail = По этому адресу ничего нет или больше нет.
error-too-many = Слишком много попыток
error-unavailable = Сейчас недоступно
error-retry-detail = Данные сейчас записываются, скорее всего импортом. Повторите чуть позже.
error-unavailable-detail = База данных не отвечает. Повторите позже.
error-internal = Что-то пошло не так
error-internal-detail = Это ошибка программы. Сообщите номер запроса администратору.
further-lenders = { $count ->
    [one] и ещё { $count } кредитор
    [few] и ещё { $count } кредитора
    [many] и ещё { $count } кредиторов
   *[other] и ещё { $count } кредитора
}
run-files = { $files ->
    [one] { $files } файл
    [few] { $files } файла
    [many] { $files } файлов
   *[other] { $files } файла
}
run-files-failed = { $files ->
    [one] { $files } файл, с ошибкой: { $failed }
    [few] { $files } файла, с ошибкой: { $failed }
    [many] { $files } файлов, с ошибкой: { $failed }
   *[other] { $files } файла, с ошибкой: { $failed }
}
error-too-many-detail = { $seconds ->
    [one] Повторите через { $seconds } секунду.
    [few] Повторите через { $seconds } секунды.
    [many] Повторите через { $seconds } секунд.
   *[other] Повторите через { $seconds } секунды.
}
